using System.Net;

namespace Meridian.Federation.Residency;

/// <summary>Callers' networks, their countries, and where data from there may go. Immutable; a look-up allocates nothing.</summary>
public sealed class Geofence
{
    private readonly NetworkTable _networks;
    private readonly NetworkTable _proxies;

    // By the table's value; 0 is the caller whose country is not known.
    private readonly GeofenceFinding[] _findings;

    internal Geofence(NetworkTable networks, GeofenceFinding[] findings, NetworkTable proxies) => (_networks, _findings, _proxies) = (networks, findings, proxies);

    /// <value>Permits everything to everybody and believes no proxy.</value>
    public static Geofence Open { get; } = new(new NetworkTable([]), [default], new NetworkTable([]));

    /// <value>Networks that it knows.</value>
    public int Count => _networks.Count;

    /// <param name="caller">Address, or null where it is not known.</param>
    public GeofenceFinding Find(IPAddress? caller) => _findings[caller is null ? 0 : _networks.Find(caller)];

    /// <summary>Whether an address is that of a proxy whose word on its callers is believed.</summary>
    public bool IsTrustedProxy(IPAddress address) => _proxies.Find(address) != 0;
}
