using Orleans.Placement;

namespace Meridian.Grains.Placement;

/// <summary>Marks a grain, keyed by a <see cref="ShardKey"/>, whose replicas are spread over the silos.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReplicaPlacementAttribute() : PlacementAttribute(new ReplicaPlacementStrategy());
