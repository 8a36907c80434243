namespace Meridian.Federation.Residency;

/// <summary>What an edge knows of the law: its own, and that of its callers' networks.</summary>
public sealed class ResidencyOptions
{
    /// <value>Jurisdiction of a front door, for example <c>eu</c>. Null means not declared and not checked. A region's facade has the jurisdiction of its region.</value>
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

    /// <value>Networks and their countries. If <see cref="NetworksFile"/> has the same network, the country given here applies.</value>
    public List<GeofenceNetworkOptions> Networks { get; set; } = [];

    /// <value>Path of a CSV file with further networks, one <c>cidr,country</c> per line, or null. The file is read once, at the start.</value>
    public string? NetworksFile { get; set; }

    /// <value>The rules by country code. <see cref="Unknown"/> applies to a country without a rule.</value>
    public Dictionary<string, GeofenceCountryOptions> Countries { get; set; } = [];

    /// <value>For callers in no known network or country: <c>allow</c> (default), <c>refuse</c>, or permitted jurisdictions separated by commas.</value>
    public string Unknown { get; set; } = Allow;

    /// <value>Networks of proxies whose <c>x-forwarded-for</c> header is trusted. Default none: the address of the connection is the caller's address.</value>
    public List<string> TrustedProxies { get; set; } = [];
}

/// <summary>Where data of callers in a country may go. With both lists, a region must be in both.</summary>
public sealed class GeofenceCountryOptions
{
    /// <value>Permitted jurisdictions, or the single word <c>allow</c> or <c>refuse</c>. Empty means no restriction by jurisdiction.</value>
    public List<string> Jurisdictions { get; set; } = [];

    /// <value>Names of permitted regions. Empty means no restriction by region.</value>
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
