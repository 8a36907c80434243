using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>Takes the region with the fewest items per replica, whatever the distance. For work whose answer may travel far.</summary>
internal sealed class LeastLoadPolicy : IRoutingPolicy
{
    /// <summary>Loads are counts of items. A difference below half an item counts as none.</summary>
    internal const double Margin = 0.5;

    public string Name => RoutingPolicyNames.LeastLoad;

    public double Score(in RegionFacts facts) => facts.LoadPerReplica;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context) => NearEquals.Choose(candidates, Margin, context);
}
