namespace Meridian.Federation.Sovereignty;

/// <summary>A network and where it is.</summary>
public sealed class GeofenceNetworkOptions
{
    /// <value>For example <c>192.0.2.0/24</c> or <c>2001:db8::/32</c>.</value>
    public string Cidr { get; set; } = "";

    /// <value>ISO 3166-1 alpha-2, for example <c>DE</c>.</value>
    public string Country { get; set; } = "";
}
