using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>Takes the region with the least round trip, whatever the load. For callers who pay for distance.</summary>
internal sealed class NearestPolicy : IRoutingPolicy
{
    public string Name => RoutingPolicyNames.Nearest;

    public double Score(in RegionFacts facts) => facts.RoundTripMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context) => NearEquals.Choose(candidates, context.NearEqualMs, context);
}
