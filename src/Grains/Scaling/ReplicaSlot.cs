namespace Meridian.Grains.Scaling;

/// <summary>A replica as its deployment sees it. Belongs to the deployment's scheduler.</summary>
internal sealed class ReplicaSlot(IModelShard shard, ShardStatus status)
{
    public IModelShard Shard { get; } = shard;

    public ShardStatus Status { get; set; } = status;

    /// <value>A question to the shard is under way: at most one, so that a silo that hangs costs one call a replica.</value>
    public bool Asking { get; set; }
}
