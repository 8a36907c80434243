namespace Meridian.Grains.Deployments;

/// <summary>A replica as its deployment sees it. Belongs to the deployment's scheduler.</summary>
internal sealed class ReplicaSlot(IModelShard shard, ShardKey key, ShardStatus status)
{
    public ShardKey Key { get; } = key;

    public IModelShard Shard { get; } = shard;

    public ShardStatus Status { get; set; } = status;

    /// <value>A question to the shard is under way: at most one, so that a silo that hangs costs one call a replica.</value>
    public bool Asking { get; set; }

    /// <value>What takes its place once it is ready, or null: the replica is to leave.</value>
    public ReplicaSlot? Replacement { get; set; }

    /// <value>Timestamp from which it may be unloaded: routers must have learned first that it is no longer in the table.</value>
    public long UnloadFrom { get; set; }

    /// <value>Whether the shard has been asked since this activation began, with or without an answer.</value>
    public bool Asked { get; set; }

    /// <value>Whether it has a <see cref="Replacement"/> only so that the silos carry alike.</value>
    public bool Moving { get; set; }
}
