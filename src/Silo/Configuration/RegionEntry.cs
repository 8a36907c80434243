namespace Meridian.Silo.Configuration;

/// <summary>A region of the installation.</summary>
public sealed class RegionEntry
{
    /// <value>Unique name: lower-case letters, digits and <c>-</c>, for example <c>westeurope</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Jurisdiction for data in this region, for example <c>eu</c>.</value>
    public string Jurisdiction { get; set; } = "";

    /// <value>Location, in words.</value>
    public string? Location { get; set; }

    /// <value>Country code of ISO 3166-1 alpha-2, for example <c>NL</c>, or null.</value>
    public string? Country { get; set; }

    /// <value>Price of one replica for one hour, 0 to 1000000, in one currency for all regions; 0 (the default) if unknown. Work that can wait goes to the
    /// cheapest region.</value>
    public double PricePerHour { get; set; }

    /// <value>Address of the HTTP facade for callers. Default: from the port plan.</value>
    public Uri? Facade { get; set; }

    /// <value>Address of the region protocol (HTTP/2) for other regions and front doors. Default: from the port plan.</value>
    public Uri? Protocol { get; set; }

    /// <value>Consensus address of the region's voter for other regions, <c>host:port</c>. Default: from the port plan.</value>
    public string? Consensus { get; set; }

    /// <value>Address (HTTP/2) of the region's process with role <c>control</c>, for other regions and the region's own processes. Default: from the port
    /// plan.</value>
    public Uri? Control { get; set; }

    /// <value>The store of this region, if it differs from <see cref="MeridianOptions.Store"/>.</value>
    public StoreOptions? Store { get; set; }

    /// <value>The clustering of this region, if it differs from <see cref="MeridianOptions.Clustering"/>.</value>
    public ClusteringOptions? Clustering { get; set; }
}

/// <summary>A witness: a voter of the intent log without a region.</summary>
public sealed class WitnessEntry
{
    /// <value>Unique name among regions and witnesses: lower-case letters, digits and <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Its consensus address, <c>host:port</c>.</value>
    public string Consensus { get; set; } = "";

    /// <value>Address (HTTP/2) for changes of the intent log.</value>
    public Uri? Control { get; set; }
}
