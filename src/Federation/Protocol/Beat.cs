using Meridian.Messages;
using MessagePack;

namespace Meridian.Federation.Protocol;

/// <summary>One beat of an observer to a region.</summary>
[MessagePackObject]
public sealed record Beat
{
    /// <value>Name of the observing edge.</value>
    [Key(0)] public required string Observer { get; init; }

    /// <value>Rises by one a beat.</value>
    [Key(1)] public required long Sequence { get; init; }

    /// <value>The observer's own timestamp when the beat left; means nothing to anyone else.</value>
    [Key(2)] public required long SentTimestamp { get; init; }

    /// <value>The observer's own region's status, or null from a front door. Its models are left out where the peer has shown, by <see cref="BeatAck.StatusVersion"/>, that it does not read them.</value>
    [Key(3)] public RegionStatus? Status { get; init; }

    /// <value><see cref="BeatAck.StatusVersion"/> of the newest ack on this stream: what has changed since then is enough. 0 asks for everything.</value>
    [Key(4)] public long KnownStatus { get; init; }
}
