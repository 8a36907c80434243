using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Edge;

/// <summary>One attempt at a region, as it stood when it began.</summary>
internal readonly struct Attempt
{
    /// <value>1 for the request's first.</value>
    public required int Number { get; init; }

    public required RegionMember Region { get; init; }

    public required long Incarnation { get; init; }

    /// <value>Whether that is the edge's own region.</value>
    public required bool Local { get; init; }

    /// <value>Whether nothing was heard of the region: an attempt of the last resort.</value>
    public required bool Unheard { get; init; }

    /// <value>Fires when the region is lost.</value>
    public required CancellationToken Lost { get; init; }

    /// <value>Time that was left for the request, ms.</value>
    public required int RemainingMs { get; init; }

    /// <value>Time that the attempt may take, ms: less where nothing was heard of the region.</value>
    public required int LimitMs { get; init; }

    /// <value>Timestamp of its beginning.</value>
    public required long BeganAt { get; init; }
}

/// <summary>How an attempt ended.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Reply">Its answer, or null.</param>
/// <param name="ServedStream">The stream that it opened, or null.</param>
/// <param name="Refusal">What the region said instead, or null.</param>
/// <param name="Failure">What the transport threw, or null.</param>
/// <param name="Fired">Whether its token had fired.</param>
internal readonly record struct AttemptEnd(Attempt Attempt, InferReply? Reply, ServedStream? ServedStream, Refusal? Refusal, Exception? Failure, bool Fired)
{
    public bool Good => Reply is { Result: not null } || ServedStream is not null;
}
