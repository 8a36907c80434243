using Meridian.Grains.Silos;

namespace Meridian.Grains.Replicas;

/// <summary>A ready replica as a router sees it. Made anew with every table; only the counter of its leases lives on.</summary>
internal sealed class ReplicaTarget(string key, IModelShard shard, ReplicaLeases.Counter leases, int reported, SiloWatch? silo)
{
    private volatile bool _suspect;

    public string Key { get; } = key;

    public IModelShard Shard { get; } = shard;

    /// <value>Life of its silo, or null where it is this silo.</value>
    public SiloWatch? Silo { get; } = silo;

    /// <value>True once a call to it failed, until the next table: other replicas are asked first.</value>
    public bool Suspect => _suspect;

    /// <value>Items from here right now, and what the replica reported last (all callers, some hundred ms old).</value>
    public int Load => leases.Items + reported;

    public ReplicaLease Lease(int items) => new(leases, items);

    public void MarkSuspect() => _suspect = true;
}
