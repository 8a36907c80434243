namespace Meridian.Intents.Options;

/// <summary>The replicated log of intent, as this member takes part in it.</summary>
public sealed class IntentLogOptions
{
    public IntentLogKind Kind { get; set; } = IntentLogKind.Raft;

    /// <value>This member's name: one of <see cref="Voters"/>, or a newcomer's that asks them to let it in.</value>
    public string Self { get; set; } = "";

    /// <value>Directory of log, snapshots and membership. Used by one process at a time.</value>
    public string Directory { get; set; } = "";

    /// <value>
    /// The voters of the first quorum, the same list for every one of them; later membership is in the log. A quorum is founded only when all of them can be reached and none has
    /// anything on disk, so that a member whose disk was lost never takes part in founding a second one.
    /// </value>
    public List<IntentVoterOptions> Voters { get; set; } = [];

    /// <value>This member as the others reach it, where <see cref="Self"/> is not one of <see cref="Voters"/>; its name is <see cref="Self"/>.</value>
    public IntentVoterOptions? Newcomer { get; set; }

    /// <value>Where this member listens for consensus, <c>host:port</c>; null for its own <see cref="IntentVoterOptions.Consensus"/>.</value>
    public string? Listen { get; set; }

    /// <value>Lower and upper election time-out, ms. Default 1500 and 3000; longer for round trips above 200 ms.</value>
    public int LowerElectionTimeoutMs { get; set; } = 1500;

    public int UpperElectionTimeoutMs { get; set; } = 3000;

    /// <value>Entries after which a snapshot is taken and the log before it is dropped. Default 4096.</value>
    public int SnapshotEvery { get; set; } = 4096;

    /// <value>What this member's configuration means for the log. Default: it adds what is missing.</value>
    public ReconcileMode Reconcile { get; set; } = ReconcileMode.Add;

    /// <value>Etcd: endpoints, for example <c>http://127.0.0.1:2379</c>.</value>
    public List<string> EtcdEndpoints { get; set; } = [];

    /// <value>Etcd: what all keys begin with.</value>
    public string EtcdPrefix { get; set; } = "/meridian/intent/";
}

/// <summary>A voter of the first quorum.</summary>
public sealed class IntentVoterOptions
{
    /// <value>Name of the region, or of the witness.</value>
    public string Name { get; set; } = "";

    /// <value>Where it speaks consensus, <c>host:port</c>, as all others reach it.</value>
    public string Consensus { get; set; } = "";

    /// <value>Address of its region protocol, for example <c>http://127.0.0.1:8190</c>.</value>
    public string Protocol { get; set; } = "";

    /// <value>Votes and keeps the log, but never leads.</value>
    public bool Witness { get; set; }
}

/// <summary>What keeps the intent log.</summary>
public enum IntentLogKind
{
    /// <summary>Embedded Raft, one voter a region.</summary>
    Raft = 0,

    /// <summary>An etcd cluster of the installation's own.</summary>
    Etcd = 1,
}

/// <summary>What configuration means once there is a log.</summary>
public enum ReconcileMode
{
    /// <summary>Models and tenants that the log does not have are added at the start; what it has stays as operators left it.</summary>
    Add = 0,

    /// <summary>Models and tenants of the log become those of the configuration at the start: for one machine, where the command line is the operator.</summary>
    Exact = 1,
}
