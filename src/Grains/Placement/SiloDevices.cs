using Meridian.Grains.Settings;
using Microsoft.Extensions.Options;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Meridian.Grains.Placement;

/// <summary>
/// Knows the devices of the region's silos. Each silo publishes its devices as silo metadata. Other silos fetch the metadata in the background after
/// the silo joined, so its devices may be unknown for a moment. This silo's devices come from its options and are always known.
/// </summary>
public sealed class SiloDevices(IOptions<RegionOptions> options, ILocalSiloDetails silo, ISiloMetadataCache metadata, ISiloStatusOracle silos, IClusterManifestProvider manifests)
{
    /// <summary>Key of the silo metadata. The value is a comma-separated list, for example <c>cpu:0,cuda:0</c>.</summary>
    public const string MetadataKey = "meridian.devices";

    /// <value>Devices of this silo.</value>
    public string[] Own { get; } = OwnOf(options);

    /// <summary>The devices of a silo, or null while they are unknown.</summary>
    public string[]? Of(SiloAddress address)
    {
        if (silo.SiloAddress.Equals(address)) return Own;
        return metadata.GetSiloMetadata(address).Metadata.TryGetValue(MetadataKey, out var list) ? list.Split(',') : null;
    }

    /// <summary>
    /// The active silos that placement may choose and that may hold a model with this device. If the device is null, all active silos that placement
    /// may choose.
    /// </summary>
    public SiloAddress[] Candidates(string? device)
    {
        // Orleans places nothing on a silo until it knows the silo's grains. It learns them only after the silo joins.
        var known = manifests.Current.Silos;
        var active = silos.GetActiveSilos().Where(known.ContainsKey);
        return [.. device is null ? active : DeviceMatch.Candidates(active, Of, device)];
    }

    /// <summary>Whether every active silo is known to lack the device.</summary>
    public bool Lacks(string device) => Candidates(device).Length == 0;

    internal static string[] OwnOf(IOptions<RegionOptions> options) => options.Value.Devices.Count == 0 ? ["cpu:0"] : [.. options.Value.Devices];
}
