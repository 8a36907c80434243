using Orleans.Placement;

namespace Meridian.Grains.Placement;

/// <summary>Marks a grain whose replicas are spread over the silos. The grain's key is a <see cref="ShardKey"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReplicaPlacementAttribute() : PlacementAttribute(new ReplicaPlacementStrategy());
