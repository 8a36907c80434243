namespace Meridian.Silo.Configuration;

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
