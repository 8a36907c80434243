namespace Meridian.Silo.Configuration;

/// <summary>What holds a region's Orleans membership table.</summary>
public enum ClusteringKind
{
    /// <summary>Redis: the region's store unless a connection string says otherwise.</summary>
    Redis,

    /// <summary>Azure Table storage, or Azurite.</summary>
    AzureStorage,
}
