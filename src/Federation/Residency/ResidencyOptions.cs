namespace Meridian.Federation.Residency;

/// <summary>What an edge knows of the law: its own, and that of its callers' networks.</summary>
public sealed class ResidencyOptions
{
    /// <value>Law that a front door is under, for example <c>eu</c>; null: not declared, and then not checked. A region's facade is under its region's.</value>
    public string? Jurisdiction { get; set; }

    public GeofenceOptions Geofence { get; set; } = new();
}

/// <summary>Where the data of a caller may go by the network that the caller is in.</summary>
public sealed class GeofenceOptions
{
    /// <summary>The word that permits everything.</summary>
    public const string Allow = "allow";

    /// <summary>The word that permits nothing.</summary>
    public const string Refuse = "refuse";

    /// <value>Networks and their countries. One that the file has too counts as it stands here.</value>
    public List<GeofenceNetworkOptions> Networks { get; set; } = [];

    /// <value>Path of a CSV file of further networks, a <c>cidr,country</c> a line, or null. Read once, at start.</value>
    public string? NetworksFile { get; set; }

    /// <value>By country code. A country that is not named is treated as <see cref="Unknown"/> says.</value>
    public Dictionary<string, GeofenceCountryOptions> Countries { get; set; } = [];

    /// <value>For callers in no known network or country: <c>allow</c> (default), <c>refuse</c>, or permitted jurisdictions separated by commas.</value>
    public string Unknown { get; set; } = Allow;

    /// <value>Networks of proxies whose <c>x-forwarded-for</c> is believed. Default none: the caller is who opened the connection.</value>
    public List<string> TrustedProxies { get; set; } = [];
}

/// <summary>Where data of callers in a country may go. With both lists, a region must be in both.</summary>
public sealed class GeofenceCountryOptions
{
    /// <value>Permitted jurisdictions, or <c>allow</c> or <c>refuse</c> alone. Empty: no restriction by them.</value>
    public List<string> Jurisdictions { get; set; } = [];

    /// <value>Permitted regions by name. Empty: no restriction by them.</value>
    public List<string> Regions { get; set; } = [];
}

/// <summary>A network and where it is.</summary>
public sealed class GeofenceNetworkOptions
{
    /// <value>For example <c>192.0.2.0/24</c> or <c>2001:db8::/32</c>.</value>
    public string Cidr { get; set; } = "";

    /// <value>ISO 3166-1 alpha-2, for example <c>DE</c>.</value>
    public string Country { get; set; } = "";
}
