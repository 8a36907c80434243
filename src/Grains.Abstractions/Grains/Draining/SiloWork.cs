namespace Meridian.Grains.Draining;

/// <summary>What one silo does.</summary>
[GenerateSerializer, Immutable, Alias("meridian.SiloWork")]
public sealed record SiloWork
{
    [Id(0)] public required SiloAddress Silo { get; init; }

    [Id(1)] public required ShardWork[] Shards { get; init; }

    /// <value>The newest drain that the silo knew when it counted its work. The count says nothing about a newer drain.</value>
    [Id(2)] public required long KnownRevision { get; init; }
}
