using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>Fewest items a replica, whatever the distance: for work that can wait for its answer's way.</summary>
internal sealed class LeastLoadPolicy : IRoutingPolicy
{
    /// <summary>Loads are counts, not times: less than half an item is no difference.</summary>
    internal const double Margin = 0.5;

    public string Name => RoutingPolicyNames.LeastLoad;

    public double Score(in RegionFacts facts) => facts.LoadPerReplica;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context) => NearEquals.Choose(candidates, Margin, context);
}
