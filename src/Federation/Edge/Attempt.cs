using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Edge;

/// <summary>One attempt to serve a request in one region, with the facts known when it began.</summary>
internal readonly struct Attempt
{
    /// <value>Number of the attempt within its request, from 1.</value>
    public required int Number { get; init; }

    public required RegionMember Region { get; init; }

    public required long Incarnation { get; init; }

    /// <value>Whether the region is the edge's own.</value>
    public required bool Local { get; init; }

    /// <value>Whether liveness did not hear the region when the attempt began: an attempt of the last resort.</value>
    public required bool Unheard { get; init; }

    /// <value>Fires when the region is lost.</value>
    public required CancellationToken Lost { get; init; }

    /// <value>Time that was left for the request when the attempt began, ms.</value>
    public required int RemainingMs { get; init; }

    /// <value>Time limit of the attempt, ms. Shorter than <see cref="RemainingMs"/> if the region was not heard.</value>
    public required int LimitMs { get; init; }

    /// <value>Timestamp of the beginning.</value>
    public required long BeganAt { get; init; }
}

/// <summary>How an attempt ended.</summary>
/// <param name="Reply">The region's answer, or null.</param>
/// <param name="ServedStream">The stream that the attempt opened, or null. Whoever receives this value must end it.</param>
/// <param name="Refusal">The region's refusal, or null.</param>
/// <param name="Failure">The transport's exception, or null.</param>
/// <param name="Fired">Whether the attempt's token had fired.</param>
internal readonly record struct AttemptEnd(Attempt Attempt, InferReply? Reply, ServedStream? ServedStream, Refusal? Refusal, Exception? Failure, bool Fired)
{
    public bool Good => Reply is { Result: not null } || ServedStream is not null;
}
