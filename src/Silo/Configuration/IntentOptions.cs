namespace Meridian.Silo.Configuration;

/// <summary>The intent log: the replicated log of the operators' decisions about members, models, policies and tenants.</summary>
public sealed class IntentOptions
{
    /// <value><c>Raft</c> (default): embedded, one voter per region. <c>Etcd</c>: an etcd cluster of the installation. <c>None</c>: each process uses its own
    /// configuration.</value>
    public IntentKind Kind { get; set; } = IntentKind.Raft;

    /// <value>Voters without a region. A witness is the third vote beside two regions.</value>
    public List<WitnessEntry> Witnesses { get; set; } = [];

    /// <value>Name of this process if it is a witness; one of <see cref="Witnesses"/>. Empty for any other process.</value>
    public string? Witness { get; set; }

    /// <value>Lower election timeout, ms, 150 to 60000. Default 1500; use 2000 for round trips above 200 ms.</value>
    public int LowerElectionTimeoutMs { get; set; } = 1500;

    /// <value>Upper election timeout, ms, above the lower one. Default 3000.</value>
    public int UpperElectionTimeoutMs { get; set; } = 3000;

    /// <value>Number of changes after which a snapshot is taken and the older log is dropped, 16 to 1000000. Default 4096.</value>
    public int SnapshotEvery { get; set; } = 4096;

    /// <value>Etcd: endpoints, separated by commas, for example <c>http://10.0.0.1:2379,http://10.0.0.2:2379</c>.</value>
    public string? EtcdEndpoints { get; set; }

    /// <value>Etcd: prefix of all keys. Default <c>/meridian/intent/</c>.</value>
    public string EtcdPrefix { get; set; } = "/meridian/intent/";
}

/// <summary>Where the intent is stored.</summary>
public enum IntentKind
{
    /// <summary>Embedded Raft, one voter per region.</summary>
    Raft,

    /// <summary>An etcd cluster of the installation.</summary>
    Etcd,

    /// <summary>Nowhere: each process uses its own configuration.</summary>
    None,
}
