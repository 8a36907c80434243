using Meridian.Messages;

namespace Meridian.Grains;

/// <summary>Readiness and load of one shard.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ShardStatus")]
public sealed record ShardStatus
{
    /// <value>Text of the <see cref="ShardKey"/>.</value>
    [Id(0)] public required string Key { get; init; }

    [Id(1)] public required ShardState State { get; init; }

    /// <value>Why <see cref="ShardState.Failed"/>, naming the file or value at fault.</value>
    [Id(3)] public string? Problem { get; init; }

    /// <value>Items in the engine.</value>
    [Id(4)] public int InFlight { get; init; }

    /// <value>Items waiting.</value>
    [Id(5)] public int Queued { get; init; }

    [Id(6)] public int QueueCapacity { get; init; }

    /// <value>Smoothed engine time of one item, ms.</value>
    [Id(7)] public float ServiceMs { get; init; }

    /// <value>Device that the session runs on, for example <c>cpu:0</c>.</value>
    [Id(8)] public string? Device { get; init; }

    /// <value>Silo that the shard is activated on, so that an attempt can be tied to the silo's life; null while unloaded.</value>
    [Id(9)] public SiloAddress? Silo { get; init; }

    /// <value>Speed of an engine that generates text; null for others.</value>
    [Id(10)] public TokenPace? Pace { get; init; }

    /// <value>Arithmetic of an engine that generates text, as in <see cref="Messages.StreamHead.Arithmetic"/>; null for others.</value>
    [Id(11)] public string? Arithmetic { get; init; }

    /// <value>Digest of the engine settings that the shard was loaded with; null while it is not loaded, and from builds whose settings could not change.</value>
    [Id(12)] public string? Settings { get; init; }
}
