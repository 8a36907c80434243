namespace Meridian.Grains.Placement;

/// <summary>Decides which silos may hold a shard that needs a device. A pure function of the known devices.</summary>
public static class DeviceMatch
{
    /// <summary>
    /// Returns the silos that have <paramref name="device"/>. If no silo is known to have it, returns the silos whose devices are unknown. The
    /// devices of a silo become known only after it joins, and a failed query for them is not repeated for a while. A shard on a silo without its
    /// device refuses to load and is placed again. Empty if every silo is known to lack the device.
    /// </summary>
    /// <param name="devicesOf">The devices of a silo, or null while they are unknown.</param>
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
