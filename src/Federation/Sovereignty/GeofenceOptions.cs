namespace Meridian.Federation.Sovereignty;

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
