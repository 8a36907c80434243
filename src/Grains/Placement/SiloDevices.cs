using Meridian.Grains.Settings;
using Microsoft.Extensions.Options;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Meridian.Grains.Placement;

/// <summary>
/// The devices of the region's silos. A silo publishes its own as silo metadata; what others publish is fetched in the background after they joined, so it may be unknown for a moment.
/// The own silo's come from its options and are known from the start.
/// </summary>
public sealed class SiloDevices(IOptions<RegionOptions> options, ILocalSiloDetails silo, ISiloMetadataCache metadata, ISiloStatusOracle silos, IClusterManifestProvider manifests)
{
    /// <summary>Key of the silo metadata: a comma list, for example <c>cpu:0,cuda:0</c>.</summary>
    public const string MetadataKey = "meridian.devices";

    /// <value>Devices of this silo.</value>
    public string[] Own { get; } = OwnOf(options);

    /// <summary>The devices of a silo, or null while they are unknown.</summary>
    public string[]? Of(SiloAddress address)
    {
        if (silo.SiloAddress.Equals(address)) return Own;
        return metadata.GetSiloMetadata(address).Metadata.TryGetValue(MetadataKey, out var list) ? list.Split(',') : null;
    }

    /// <summary>The active silos that placement may choose and that may hold a model which wants the device; all of them where it wants none.</summary>
    public SiloAddress[] Candidates(string? device)
    {
        // Orleans places nothing on a silo whose grains it does not know yet, which arrive after it as well.
        var known = manifests.Current.Silos;
        var active = silos.GetActiveSilos().Where(known.ContainsKey);
        return [.. device is null ? active : DeviceMatch.Candidates(active, Of, device)];
    }

    /// <summary>Whether every active silo is known to lack the device.</summary>
    public bool Lacks(string device) => Candidates(device).Length == 0;

    internal static string[] OwnOf(IOptions<RegionOptions> options) => options.Value.Devices.Count == 0 ? ["cpu:0"] : [.. options.Value.Devices];
}
