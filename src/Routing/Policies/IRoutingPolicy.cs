using Meridian.Routing.Decision;
using Meridian.Routing.Options;
using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// Chooses among regions that may serve. A policy only weighs regions. Which regions may serve, and which come first because they are healthy, is decided
/// before and in the same way for all policies.
///
/// To add a policy: add a file in <c>Policies</c>, an entry in <see cref="RoutingPolicies"/>, and its name in <see cref="RoutingPolicyNames"/>. The property
/// tests then check it under its name.
/// </summary>
public interface IRoutingPolicy
{
    /// <value>Name of the policy in the configuration.</value>
    string Name { get; }

    /// <summary>
    /// The score of a region, before anything that depends on the request. Lower is better. It is finite and not negative, and it does not fall when one of
    /// the facts grows.
    /// </summary>
    double Score(in RegionFacts facts);

    /// <summary>Returns the position of the choice in <paramref name="candidates"/>. Must not allocate memory.</summary>
    /// <param name="candidates">At least two, all of the same standing, with their <see cref="Score"/>. A policy may overwrite the scores.</param>
    /// <param name="context">Further data for the decision.</param>
    int Choose(Span<RoutingCandidate> candidates, in RoutingContext context);
}

/// <summary>A region that may serve. It lives only during one decision.</summary>
public record struct RoutingCandidate
{
    /// <value>Position in the intent's regions, and in <see cref="RoutingContext.Facts"/>.</value>
    public required int Region { get; init; }

    /// <value>Requests that this edge has in flight there now.</value>
    public required int InFlight { get; init; }

    /// <value>The score by the policy; lower is better.</value>
    public required double Score { get; set; }
}

/// <summary>The data that a policy may read, in addition to its candidates.</summary>
public readonly ref struct RoutingContext
{
    /// <value>Facts about the candidates, indexed by the region's position in the intent.</value>
    public required ReadOnlySpan<RegionFacts> Facts { get; init; }

    /// <value>Position of the edge's own region, or -1.</value>
    public required int OwnRegion { get; init; }

    /// <value>The request's <see cref="RouteRequest.Affinity"/>.</value>
    public ulong Affinity { get; init; }

    /// <value>Expected completions that differ by at most this much count as equal, ms.</value>
    public double NearEqualMs { get; init; }

    public required RoutingOptions Options { get; init; }

    public required Random Random { get; init; }

    internal RoutingMemory? Memory { get; init; }

    internal IntentIndex? Index { get; init; }

    internal int Model { get; init; }

    /// <summary>The share of its requests that a region keeps under <c>spill-over</c> for its current queue, 0 to 1.</summary>
    public double SpillShare(int region) => Memory is null || Index is null ? 1 : Memory.SpillShare(Index, Model, region, Facts[region].QueueMs, Options);
}
