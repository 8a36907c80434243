namespace Meridian.Grains.Placement;

/// <summary>Says that the replicas of a model are spread over the silos. The decision is <see cref="ReplicaPlacementDirector"/>'s.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ReplicaPlacementStrategy")]
public sealed class ReplicaPlacementStrategy : PlacementStrategy;
