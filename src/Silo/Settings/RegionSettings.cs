using Meridian.Grains.Settings;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Settings;

/// <summary>Copies a region's settings to the options of its grains.</summary>
internal static class RegionSettings
{
    public static void Fill(RegionOptions target, MeridianOptions options, RegionPlan region)
    {
        target.Name = region.Name;
        target.Jurisdiction = region.Jurisdiction;
        target.Residency = options.Tenants.ToDictionary(tenant => tenant.Name, tenant => tenant.Residency.ToArray(), StringComparer.Ordinal);
        target.DrainTimeout = TimeSpan.FromSeconds(options.DrainSeconds);
        target.SpecialTokensInMessages = options.SpecialTokensInMessages;
        target.Devices = [.. options.Process.Devices.Split(',')];
        target.Models = [.. options.Models.Where(model => model.IsDeployedTo(region.Name)).Select(model => Model(model, options))];
    }

    private static ModelOptions Model(ModelEntry model, MeridianOptions options) => new()
    {
        Name = model.Name,
        Replicas = model.Replicas,
        Device = model.Device,
        IntraOpThreads = model.IntraOpThreads,
        Workers = model.Workers,
        AllowSpinning = model.AllowSpinning,
        MaxBatch = model.MaxBatch,
        MaxWaitMs = model.MaxWaitMs,
        QueueCapacity = model.QueueCapacity,
        MaxSequences = model.MaxSequences,
        KvCacheBytes = model.KvCacheMiB is { } mebibytes ? (long)mebibytes << 20 : null,
        PrefillChunk = model.PrefillChunk,
        RingTokens = model.RingTokens,
        PrefixCache = model.PrefixCache,
        Reproducible = options.Reproducible,
        ExactReplayMs = options.ExactReplayMs,
        Version = model.Version,
        Variant = model.Variant,
    };
}
