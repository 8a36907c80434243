namespace Meridian.Grains.Placement;

/// <summary>Spreads the replicas of a model over the silos. <see cref="ReplicaPlacementDirector"/> makes the decision.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ReplicaPlacementStrategy")]
public sealed class ReplicaPlacementStrategy : PlacementStrategy;
