using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>Takes the region with the least expected time to the answer: round trip plus queue plus service.</summary>
internal sealed class ExpectedCompletionPolicy : IRoutingPolicy
{
    public string Name => RoutingPolicyNames.Default;

    public double Score(in RegionFacts facts) => facts.CompletionMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context) => NearEquals.ChooseCompletion(candidates, context);
}
