using Orleans.Placement;

namespace Meridian.Grains.Placement;

/// <summary>Marks a grain that needs its model's device. The grain's key is a <see cref="ShardKey"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DevicePlacementFilterAttribute() : PlacementFilterAttribute(new DevicePlacementFilterStrategy());
