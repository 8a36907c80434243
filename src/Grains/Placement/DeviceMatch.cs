namespace Meridian.Grains.Placement;

/// <summary>Which silos may hold a shard that needs a device: a pure function over what is known of them.</summary>
public static class DeviceMatch
{
    /// <summary>
    /// Silos that have <paramref name="device"/>. Where none is known to have it, the silos of which nothing is known: the devices of a silo that just joined
    /// arrive after it, and a failed question is not repeated for a while; a shard on a silo without its device refuses to load and is placed again. Empty where every silo is known to lack it.
    /// </summary>
    /// <param name="devicesOf">Devices of a silo, or null while unknown.</param>
    public static IEnumerable<SiloAddress> Candidates(IEnumerable<SiloAddress> silos, Func<SiloAddress, string[]?> devicesOf, string device)
    {
        ArgumentNullException.ThrowIfNull(silos);
        ArgumentNullException.ThrowIfNull(devicesOf);
        var having = new List<SiloAddress>();
        var unknown = new List<SiloAddress>();
        foreach (var silo in silos)
        {
            var devices = devicesOf(silo);
            if (devices is null) unknown.Add(silo);
            else if (devices.AsSpan().Contains(device)) having.Add(silo);
        }

        return having.Count > 0 ? having : unknown;
    }
}
