using Orleans.Placement;

namespace Meridian.Grains.Placement;

/// <summary>
/// Places a grain only on silos with the device that its model needs. <see cref="DevicePlacementFilterDirector"/> makes the decision.
/// </summary>
public sealed class DevicePlacementFilterStrategy() : PlacementFilterStrategy(order: 0);
