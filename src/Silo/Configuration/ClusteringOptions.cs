namespace Meridian.Silo.Configuration;

/// <summary>Where the silos of a region find each other.</summary>
public sealed class ClusteringOptions
{
    /// <value>Default <see cref="ClusteringKind.Redis"/>.</value>
    public ClusteringKind Kind { get; set; } = ClusteringKind.Redis;

    /// <value>Connection string. Required for AzureStorage; for Redis the store's is used where it is empty.</value>
    public string? ConnectionString { get; set; }
}

/// <summary>What holds a region's Orleans membership table.</summary>
public enum ClusteringKind
{
    /// <summary>Redis: the region's store unless a connection string says otherwise.</summary>
    Redis,

    /// <summary>Azure Table storage, or Azurite.</summary>
    AzureStorage,
}
