using MessagePack;

namespace Meridian.Messages;

/// <summary>What a region says of itself in every heartbeat.</summary>
[GenerateSerializer, Immutable, Alias("meridian.RegionStatus"), MessagePackObject]
public sealed record RegionStatus
{
    [Id(0), Key(0)] public required string Region { get; init; }

    /// <value>Unix time of the region's start, ms. It rises with every start, so that observers notice a restart within seconds.</value>
    [Id(1), Key(1)] public required long Incarnation { get; init; }

    [Id(2), Key(2)] public required ModelStatus[] Models { get; init; }

    /// <value>Whether the region refuses new requests, and finishes or hands over its running ones.</value>
    [Id(3), Key(3)] public bool Draining { get; init; }
}
