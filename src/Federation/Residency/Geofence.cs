using System.Net;

namespace Meridian.Federation.Residency;

/// <summary>Callers' networks, their countries, and where data from there may go. Immutable; a look-up allocates nothing.</summary>
public sealed class Geofence
{
    private readonly NetworkTable _networks;
    private readonly NetworkTable _proxies;

    // The index is the value in the table. Index 0 is for callers whose country is not known.
    private readonly GeofenceFinding[] _findings;

    internal Geofence(NetworkTable networks, GeofenceFinding[] findings, NetworkTable proxies) => (_networks, _findings, _proxies) = (networks, findings, proxies);

    /// <value>The geofence that permits everything to all callers and trusts no proxy.</value>
    public static Geofence Open { get; } = new(new NetworkTable([]), [default], new NetworkTable([]));

    /// <value>Number of networks in the table.</value>
    public int Count => _networks.Count;

    /// <param name="caller">The caller's address, or null if it is not known.</param>
    public GeofenceFinding Find(IPAddress? caller) => _findings[caller is null ? 0 : _networks.Find(caller)];

    /// <summary>Whether an address is that of a proxy whose word on its callers is believed.</summary>
    public bool IsTrustedProxy(IPAddress address) => _proxies.Find(address) != 0;
}
