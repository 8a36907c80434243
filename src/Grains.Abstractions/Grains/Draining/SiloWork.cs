namespace Meridian.Grains.Draining;

/// <summary>What one silo does.</summary>
[GenerateSerializer, Immutable, Alias("meridian.SiloWork")]
public sealed record SiloWork
{
    [Id(0)] public required SiloAddress Silo { get; init; }

    [Id(1)] public required ShardWork[] Shards { get; init; }

    /// <value>Newest drain that the silo had heard of when it counted: a count taken before says nothing of it.</value>
    [Id(2)] public required long KnownRevision { get; init; }
}
