using Orleans.Placement;

namespace Meridian.Grains.Placement;

/// <summary>Marks a grain, keyed by a <see cref="ShardKey"/>, that needs its model's device.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DevicePlacementFilterAttribute() : PlacementFilterAttribute(new DevicePlacementFilterStrategy());
