using Meridian.Federation.Configuration;
using Meridian.Federation.Routing.Tables;

namespace Meridian.Federation.Routing;

/// <summary>What a policy may look at beside its candidates.</summary>
public readonly ref struct RoutingContext
{
    /// <value>Of the candidates, by their regions' positions in the intent.</value>
    public required ReadOnlySpan<RegionFacts> Facts { get; init; }

    /// <value>Position of the edge's own region, or -1.</value>
    public required int OwnRegion { get; init; }

    /// <value>The request's <see cref="RouteRequest.Affinity"/>.</value>
    public ulong Affinity { get; init; }

    /// <value>How far expected completions may lie apart and still count as equal, ms.</value>
    public double NearEqualMs { get; init; }

    public required RoutingOptions Options { get; init; }

    public required Random Random { get; init; }

    internal RoutingMemory? Memory { get; init; }

    internal IntentIndex? Index { get; init; }

    internal int Model { get; init; }

    /// <summary>The share of its requests that a region keeps under <c>spill-over</c>, 0 to 1, as of its queue now.</summary>
    public double SpillShare(int region) => Memory is null || Index is null ? 1 : Memory.SpillShare(Index, Model, region, Facts[region].QueueMs, Options);
}
