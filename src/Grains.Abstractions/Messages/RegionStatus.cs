using MessagePack;

namespace Meridian.Messages;

/// <summary>What a region says of itself in every heartbeat.</summary>
[GenerateSerializer, Immutable, Alias("meridian.RegionStatus"), MessagePackObject]
public sealed record RegionStatus
{
    [Id(0), Key(0)] public required string Region { get; init; }

    /// <value>Rises with every start of the region, so that a restart within seconds is noticed: unix ms of the start.</value>
    [Id(1), Key(1)] public required long Incarnation { get; init; }

    [Id(2), Key(2)] public required ModelStatus[] Models { get; init; }

    /// <value>The region takes nothing new: it finishes or hands over what runs.</value>
    [Id(3), Key(3)] public bool Draining { get; init; }
}
