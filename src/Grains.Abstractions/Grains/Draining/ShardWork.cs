namespace Meridian.Grains.Draining;

/// <summary>What one shard does.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ShardWork")]
public sealed record ShardWork
{
    /// <value>Text of the <see cref="ShardKey"/>.</value>
    [Id(0)] public required string Key { get; init; }

    [Id(1)] public required WorkCount Work { get; init; }
}
