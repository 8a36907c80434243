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

    /// <value>Silos there were when the replica was last moved.</value>
    public SiloAddress[] MovedAmong { get; set; } = [];

    /// <value>
    /// How often it was moved among them. A move may lead back, because placement on another silo does not know a newcomer yet; each further one waits twice as long,
    /// so that a lasting disagreement costs next to nothing.
    /// </value>
    public int Moves { get; set; }

    /// <value>Timestamp of the last move.</value>
    public long MovedAt { get; set; }
}
