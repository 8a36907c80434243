using Meridian.Grains.Silos;

namespace Meridian.Grains.Replicas;

/// <summary>A ready replica from a router's view. Every new table creates new targets; only the lease counter is kept.</summary>
internal sealed class ReplicaTarget(string key, IModelShard shard, ReplicaLeases.Counter leases, int reported, SiloWatch? silo, string version = "", string variant = "")
{
    private volatile bool _suspect;

    public string Key { get; } = key;

    public string Version { get; } = version;

    public string Variant { get; } = variant;

    public IModelShard Shard { get; } = shard;

    /// <value>Watches the replica's silo. Null if it is this silo.</value>
    public SiloWatch? Silo { get; } = silo;

    /// <value>True after a failed call to the replica, until the next table. Routers then prefer other replicas.</value>
    public bool Suspect => _suspect;

    /// <value>
    /// Items from this silo now, plus the load that the replica reported last. The report covers all callers and is some hundred ms old.
    /// </value>
    public int Load => leases.Items + reported;

    public ReplicaLease Lease(int items) => new(leases, items);

    public void MarkSuspect() => _suspect = true;
}
