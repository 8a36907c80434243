using Meridian.Messages;
using MessagePack;

namespace Meridian.Federation.Regions;

/// <summary>One beat of an observer to a region.</summary>
[MessagePackObject]
public sealed record Beat
{
    /// <value>Name of the observing edge.</value>
    [Key(0)] public required string Observer { get; init; }

    /// <value>Increases with every beat of the observer.</value>
    [Key(1)] public required long Sequence { get; init; }

    /// <value>The observer's own timestamp when the beat was sent. It has no meaning for other processes.</value>
    [Key(2)] public required long SentTimestamp { get; init; }

    /// <value>
    /// Status of the observer's own region, or null from a front door. The models are left out if the peer has shown, by <see cref="BeatAck.StatusVersion"/>,
    /// that it does not read them.
    /// </value>
    [Key(3)] public RegionStatus? Status { get; init; }

    /// <value>
    /// <see cref="BeatAck.StatusVersion"/> of the newest ack on this stream: the next ack needs only the changes since then. 0 asks for the whole status.
    /// </value>
    [Key(4)] public long KnownStatus { get; init; }
}

/// <summary>A region's answer to one <see cref="Beat"/>.</summary>
[MessagePackObject]
public sealed record BeatAck
{
    /// <value>The beat's sequence.</value>
    [Key(0)] public required long Sequence { get; init; }

    /// <value>The beat's timestamp, returned unchanged: only the observer's clock measures the round trip.</value>
    [Key(1)] public required long SentTimestamp { get; init; }

    /// <value>
    /// The region's status. It has all models if <see cref="StatusSince"/> is 0, otherwise only the models that have changed since that version, mostly none.
    /// </value>
    [Key(2)] public required RegionStatus Status { get; init; }

    /// <value>
    /// Above 0; increases whenever the status of a model changes. Has no meaning outside this stream. 0 from a region that does not support versions and
    /// always sends everything.
    /// </value>
    [Key(3)] public long StatusVersion { get; init; }

    /// <value>The version that the observer knows and that <see cref="Status"/> is based on, or 0.</value>
    [Key(4)] public long StatusSince { get; init; }

    /// <value>Indexes of the models in <see cref="Status"/> among all models of the region. Null if it has all models or none.</value>
    [Key(5)] public int[]? ChangedModels { get; init; }

    /// <value>The region's wall clock when it sends the ack, unix ms. Shown to operators; no decision uses it. 0 from a region that does not send it.</value>
    [Key(6)] public long ClockMs { get; init; }
}

/// <summary>Asks a region for its intent and for every later one.</summary>
[MessagePackObject]
public sealed record WatchRequest
{
    /// <value>Name of the observing edge.</value>
    [Key(0)] public required string Observer { get; init; }

    /// <value>The observer has intents up to this epoch; only later ones are sent. -1 asks for the current one, whatever its epoch.</value>
    [Key(1)] public required long KnownEpoch { get; init; }
}
