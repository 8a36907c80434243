namespace Meridian.Silo.Configuration;

/// <summary>The membership table with which the silos of a region find each other.</summary>
public sealed class ClusteringOptions
{
    /// <value>Default <see cref="ClusteringKind.Redis"/>.</value>
    public ClusteringKind Kind { get; set; } = ClusteringKind.Redis;

    /// <value>Connection string. Required for AzureStorage. If it is empty, Redis clustering uses the connection string of the store.</value>
    public string? ConnectionString { get; set; }
}

/// <summary>Where a region's Orleans membership table is stored.</summary>
public enum ClusteringKind
{
    /// <summary>Redis: the region's store, unless a connection string names another one.</summary>
    Redis,

    /// <summary>Azure Table storage, or Azurite.</summary>
    AzureStorage,
}
