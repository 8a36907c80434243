namespace Meridian.Federation.Routing;

/// <summary>Fewest items a replica, whatever the distance: for work that can wait for its answer's way.</summary>
internal sealed class LeastLoadPolicy : IRoutingPolicy
{
    public string Name => "least-load";

    public double Score(in RegionFacts facts) => facts.LoadPerReplica;

    // Loads are counts, not times: less than half an item is no difference.
    public double Margin(double nearEqualMs) => 0.5;
}
