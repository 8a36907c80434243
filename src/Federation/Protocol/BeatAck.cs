using Meridian.Messages;
using MessagePack;

namespace Meridian.Federation.Protocol;

/// <summary>A region's answer to one <see cref="Beat"/>.</summary>
[MessagePackObject]
public sealed record BeatAck
{
    /// <value>The beat's sequence.</value>
    [Key(0)] public required long Sequence { get; init; }

    /// <value>The beat's timestamp, returned unread: the observer's clock alone measures the round trip.</value>
    [Key(1)] public required long SentTimestamp { get; init; }

    [Key(2)] public required RegionStatus Status { get; init; }
}
