using Meridian.Routing.Decision;
using Meridian.Routing.Options;
using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// Chooses among regions that may serve. A policy only weighs: which regions may serve at all, and which of them come first because they are healthy, is decided before, the same
/// for all policies. To add one: a file in <c>Policies</c>, an entry in <see cref="RoutingPolicies"/>, its name in <see cref="RoutingPolicyNames"/>; the tests' properties then hold it to account by name.
/// </summary>
public interface IRoutingPolicy
{
    /// <value>As it is written in the configuration.</value>
    string Name { get; }

    /// <summary>What the policy weighs regions by, before all that depends on the request: lower is better; finite and not negative. Does not fall when one of the facts grows.</summary>
    double Score(in RegionFacts facts);

    /// <summary>Returns the position of the choice in <paramref name="candidates"/>. Allocates nothing.</summary>
    /// <param name="candidates">At least two, all of the same standing, with their <see cref="Score"/>; a policy may overwrite the scores.</param>
    /// <param name="context">What else there is to know.</param>
    int Choose(Span<RoutingCandidate> candidates, in RoutingContext context);
}

/// <summary>A region that may serve, for the length of one decision.</summary>
public record struct RoutingCandidate
{
    /// <value>Position in the intent's regions, and so in <see cref="RoutingContext.Facts"/>.</value>
    public required int Region { get; init; }

    /// <value>Requests this edge has under way there now.</value>
    public required int InFlight { get; init; }

    /// <value>The policy's; lower is better.</value>
    public required double Score { get; set; }
}

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
