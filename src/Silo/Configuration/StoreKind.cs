namespace Meridian.Silo.Configuration;

/// <summary>What keeps a region's grain state.</summary>
public enum StoreKind
{
    /// <summary>Embedded in the process that has the <c>store</c> role.</summary>
    Garnet,

    /// <summary>A Redis that somebody else runs.</summary>
    Redis,
}
