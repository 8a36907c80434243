namespace Meridian.Grains.Deployments;

/// <summary>A replica from its deployment's view. Only the deployment's scheduler may use it.</summary>
internal sealed class ReplicaSlot(IModelShard shard, ShardKey key, ShardStatus status)
{
    public ShardKey Key { get; } = key;

    public IModelShard Shard { get; } = shard;

    public ShardStatus Status { get; set; } = status;

    /// <value>Whether a call to the shard is in progress. At most one call is, so that a hanging silo costs one call per replica.</value>
    public bool Asking { get; set; }

    /// <value>The replica that takes this place once it is ready. Null unless this replica has to leave.</value>
    public ReplicaSlot? Replacement { get; set; }

    /// <value>Timestamp from which the replica may be unloaded. Routers must first learn that it is no longer in the table.</value>
    public long UnloadFrom { get; set; }

    /// <value>Whether this activation has asked the shard at least once, with or without an answer.</value>
    public bool Asked { get; set; }

    /// <value>
    /// Whether the shard is only asked for its status. It belongs to a version of an earlier activation that is not to be served any more, so it is not loaded again if it
    /// has ended.
    /// </value>
    public bool Probed { get; set; }

    /// <value>Whether the <see cref="Replacement"/> exists only to balance the replicas over the silos.</value>
    public bool Moving { get; set; }
}
