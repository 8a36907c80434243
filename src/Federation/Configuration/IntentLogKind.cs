namespace Meridian.Federation.Configuration;

/// <summary>What keeps the intent log.</summary>
public enum IntentLogKind
{
    /// <summary>Embedded Raft, one voter a region.</summary>
    Raft = 0,

    /// <summary>An etcd cluster of the installation's own.</summary>
    Etcd = 1,
}
