namespace Meridian.Intents.Options;

/// <summary>This member's settings for the replicated log of intent.</summary>
public sealed class IntentLogOptions
{
    public IntentLogKind Kind { get; set; } = IntentLogKind.Raft;

    /// <value>This member's name: the name of one of <see cref="Voters"/>, or of a newcomer that asks the voters to let it in.</value>
    public string Self { get; set; } = "";

    /// <value>Directory of log, snapshots and membership. Only one process at a time may use it.</value>
    public string Directory { get; set; } = "";

    /// <value>
    /// The voters of the first quorum; all of them must have the same list. Later membership is in the log. A quorum is founded only when all voters can be
    /// reached and none has data on disk, so a member whose disk was lost never takes part in the founding of a second quorum.
    /// </value>
    public List<IntentVoterOptions> Voters { get; set; } = [];

    /// <value>
    /// The addresses of this member, as the others reach it, if <see cref="Self"/> is not one of <see cref="Voters"/>. Its name is <see cref="Self"/>.
    /// </value>
    public IntentVoterOptions? Newcomer { get; set; }

    /// <value>The address on which this member listens for consensus, <c>host:port</c>; null for its own <see cref="IntentVoterOptions.Consensus"/>.</value>
    public string? Listen { get; set; }

    /// <value>Lower and upper election timeout, ms. Default 1500 and 3000; use more for round trips above 200 ms.</value>
    public int LowerElectionTimeoutMs { get; set; } = 1500;

    public int UpperElectionTimeoutMs { get; set; } = 3000;

    /// <value>Number of entries after which a snapshot is taken and the log before it is dropped. Default 4096.</value>
    public int SnapshotEvery { get; set; } = 4096;

    /// <value>Etcd: endpoints, for example <c>http://127.0.0.1:2379</c>.</value>
    public List<string> EtcdEndpoints { get; set; } = [];

    /// <value>Etcd: the prefix of all keys.</value>
    public string EtcdPrefix { get; set; } = "/meridian/intent/";
}

/// <summary>A voter of the first quorum.</summary>
public sealed class IntentVoterOptions
{
    /// <value>Name of the region, or of the witness.</value>
    public string Name { get; set; } = "";

    /// <value>Address of its consensus port, <c>host:port</c>, as all other members reach it.</value>
    public string Consensus { get; set; } = "";

    /// <value>Address of its region protocol, for example <c>http://127.0.0.1:8190</c>.</value>
    public string Protocol { get; set; } = "";

    /// <value>Whether it is a witness: it votes and keeps the log, but never leads.</value>
    public bool Witness { get; set; }
}

/// <summary>The implementation of the intent log.</summary>
public enum IntentLogKind
{
    /// <summary>Embedded Raft, one voter per region.</summary>
    Raft = 0,

    /// <summary>The installation's own etcd cluster.</summary>
    Etcd = 1,
}
