using Meridian.Grains.Draining.Watch;
using MessagePack;

namespace Meridian.Grains.Draining;

/// <summary>The drains that the region's store keeps.</summary>
[MessagePackObject]
public sealed record RegionDrainState
{
    [Key(0)] public DrainRecord[] Drains { get; init; } = [];
}
