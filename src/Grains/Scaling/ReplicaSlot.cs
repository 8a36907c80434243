namespace Meridian.Grains.Scaling;

/// <summary>A replica as its deployment sees it. Belongs to the deployment's scheduler.</summary>
internal sealed class ReplicaSlot(IModelShard shard, ShardKey key, ShardStatus status)
{
    public ShardKey Key { get; } = key;

    public IModelShard Shard { get; } = shard;

    public ShardStatus Status { get; set; } = status;

    /// <value>A question to the shard is under way: at most one, so that a silo that hangs costs one call a replica.</value>
    public bool Asking { get; set; }

    /// <value>Whether the shard has been asked since this activation began, with or without an answer.</value>
    public bool Asked { get; set; }

    /// <value>Silos there were when the replica was last moved: for the same silos it is not moved again, wherever it came to stand.</value>
    public SiloAddress[] MovedAmong { get; set; } = [];
}
