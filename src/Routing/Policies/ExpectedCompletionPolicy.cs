using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>Least time until the answer is here: round trip, then the queue, then the service.</summary>
internal sealed class ExpectedCompletionPolicy : IRoutingPolicy
{
    public string Name => RoutingPolicies.Default;

    public double Score(in RegionFacts facts) => facts.CompletionMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context) => NearEquals.ChooseCompletion(candidates, context);
}
