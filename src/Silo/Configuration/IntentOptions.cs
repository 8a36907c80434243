using Meridian.Intents.Options;

namespace Meridian.Silo.Configuration;

/// <summary>The replicated log of what the operators want: members, models, policies, tenants.</summary>
public sealed class IntentOptions
{
    /// <value><c>Raft</c> (default): embedded, one voter a region. <c>Etcd</c>: an etcd cluster of the installation's own. <c>None</c>: the configuration of each process is what it works by.</value>
    public IntentKind Kind { get; set; } = IntentKind.Raft;

    /// <value>Whether configuration adds to the log what it lacks (<c>Add</c>), or is what the log shall say of models and tenants (<c>Exact</c>). Default <c>Add</c>; the dev supervisor runs with <c>Exact</c>.</value>
    public ReconcileMode Reconcile { get; set; } = ReconcileMode.Add;

    /// <value>Voters without a region: the third vote of two regions.</value>
    public List<WitnessEntry> Witnesses { get; set; } = [];

    /// <value>Name of the witness that this process is; one of <see cref="Witnesses"/>. Empty for any other process.</value>
    public string? Witness { get; set; }

    /// <value>Lower election time-out, ms, 150 to 60000. Default 1500; 2000 for round trips above 200 ms.</value>
    public int LowerElectionTimeoutMs { get; set; } = 1500;

    /// <value>Upper election time-out, ms, above the lower one. Default 3000.</value>
    public int UpperElectionTimeoutMs { get; set; } = 3000;

    /// <value>Changes after which a snapshot is taken and the log before it is dropped, 16 to 1000000. Default 4096.</value>
    public int SnapshotEvery { get; set; } = 4096;

    /// <value>Etcd: endpoints, separated by commas, for example <c>http://10.0.0.1:2379,http://10.0.0.2:2379</c>.</value>
    public string? EtcdEndpoints { get; set; }

    /// <value>Etcd: what all keys begin with. Default <c>/meridian/intent/</c>.</value>
    public string EtcdPrefix { get; set; } = "/meridian/intent/";
}

/// <summary>What keeps intent.</summary>
public enum IntentKind
{
    /// <summary>Embedded Raft, one voter a region.</summary>
    Raft,

    /// <summary>An etcd cluster of the installation's own.</summary>
    Etcd,

    /// <summary>Nothing: each process works by its own configuration.</summary>
    None,
}
