namespace Meridian.Silo.Configuration;

/// <summary>A region of the installation.</summary>
public sealed class RegionEntry
{
    /// <value>Unique name: lower-case letters, digits and <c>-</c>, for example <c>westeurope</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Law that data in this region is under, for example <c>eu</c>.</value>
    public string Jurisdiction { get; set; } = "";

    /// <value>Where it stands, in words.</value>
    public string? Location { get; set; }

    /// <value>Country by ISO 3166-1 alpha-2, for example <c>NL</c>, or null.</value>
    public string? Country { get; set; }

    /// <value>Price of a replica's hour, in one currency for all regions, 0 to 1000000; 0 (the default) while unknown. Work that can wait goes where it is least.</value>
    public double PricePerHour { get; set; }

    /// <value>Address of the HTTP facade as callers reach it. Default: from the port plan.</value>
    public Uri? Facade { get; set; }

    /// <value>Address of the region protocol (HTTP/2) as other regions and front doors reach it. Default: from the port plan.</value>
    public Uri? Protocol { get; set; }

    /// <value>Where the region's voter speaks consensus, <c>host:port</c>, as other regions reach it. Default: from the port plan.</value>
    public string? Consensus { get; set; }

    /// <value>Address (HTTP/2) of the region's process with role <c>control</c>, as other regions and the region's own processes reach it. Default: from the port plan.</value>
    public Uri? Control { get; set; }

    /// <value>This region's own store where it differs from <see cref="MeridianOptions.Store"/>.</value>
    public StoreOptions? Store { get; set; }

    /// <value>This region's own clustering where it differs from <see cref="MeridianOptions.Clustering"/>.</value>
    public ClusteringOptions? Clustering { get; set; }
}

/// <summary>A voter without a region.</summary>
public sealed class WitnessEntry
{
    /// <value>Unique name among regions and witnesses: lower-case letters, digits and <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Where it speaks consensus, <c>host:port</c>.</value>
    public string Consensus { get; set; } = "";

    /// <value>Address (HTTP/2) for changes of the log.</value>
    public Uri? Control { get; set; }
}
