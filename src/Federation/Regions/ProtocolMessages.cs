using Meridian.Messages;
using MessagePack;

namespace Meridian.Federation.Regions;

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

/// <summary>A region's answer to one <see cref="Beat"/>.</summary>
[MessagePackObject]
public sealed record BeatAck
{
    /// <value>The beat's sequence.</value>
    [Key(0)] public required long Sequence { get; init; }

    /// <value>The beat's timestamp, returned unread: the observer's clock alone measures the round trip.</value>
    [Key(1)] public required long SentTimestamp { get; init; }

    /// <value>With all models if <see cref="StatusSince"/> is 0, otherwise with those alone that have changed since that version: none, mostly.</value>
    [Key(2)] public required RegionStatus Status { get; init; }

    /// <value>Rises whenever the status of any model changes, above 0. Means nothing beyond this stream. 0 from a region that does not know of versions and sends everything.</value>
    [Key(3)] public long StatusVersion { get; init; }

    /// <value>The version that the observer knows and that <see cref="Status"/> builds on, or 0.</value>
    [Key(4)] public long StatusSince { get; init; }

    /// <value>Places of <see cref="Status"/>'s models among all of the region's; null where it has all or none.</value>
    [Key(5)] public int[]? ChangedModels { get; init; }

    /// <value>The region's wall clock as it acks, unix ms. Shown to operators; decides nothing. 0 from a region that does not tell.</value>
    [Key(6)] public long ClockMs { get; init; }
}

/// <summary>Asks a region for its intent and for every later one.</summary>
[MessagePackObject]
public sealed record WatchRequest
{
    /// <value>Name of the observing edge.</value>
    [Key(0)] public required string Observer { get; init; }

    /// <value>Intents up to this epoch need not be sent; -1 asks for the current one whatever it is.</value>
    [Key(1)] public required long KnownEpoch { get; init; }
}
