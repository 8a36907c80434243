using Orleans.Placement;

namespace Meridian.Grains.Placement;

/// <summary>Says that a grain goes only to silos with the device its model wants. The decision is <see cref="DevicePlacementFilterDirector"/>'s.</summary>
public sealed class DevicePlacementFilterStrategy() : PlacementFilterStrategy(order: 0);
