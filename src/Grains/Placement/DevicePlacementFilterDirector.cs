using Meridian.Grains.Settings;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Meridian.Grains.Placement;

/// <summary>Keeps the silos that have the device of the shard's model. Keeps all silos if the model needs no particular device.</summary>
public sealed class DevicePlacementFilterDirector(RegionModels models, SiloDevices devices) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        ArgumentNullException.ThrowIfNull(silos);
        var model = ShardKey.Parse(target.GrainIdentity.Key.ToString() ?? "").Model;
        return models.Find(model)?.Engine.Device is { } device ? DeviceMatch.Candidates(silos, devices.Of, device) : silos;
    }
}
