using Meridian.Grains.Settings;
using Meridian.Silo.Configuration;
using Meridian.Specs;

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
        target.Devices = [.. options.Process.Devices.Split(',')];
        target.Models = [.. options.Models.Where(model => model.IsDeployedTo(region.Name)).Select(model => Model(model, options))];
    }

    private static ModelOptions Model(ModelEntry model, MeridianOptions options) =>
        new(EngineOf(model, options)) { Name = model.Name, Replicas = model.Replicas, Version = model.Version, Variant = model.Variant };

    /// <summary>The engine settings of a model. Settings of the whole installation are the defaults of its models.</summary>
    public static EngineSettings EngineOf(ModelEntry model, MeridianOptions options) => model.ToEngine() with
    {
        SpecialTokensInMessages = model.SpecialTokensInMessages || options.SpecialTokensInMessages,
        Reproducible = model.Reproducible && options.Reproducible,
        ExactReplayMs = model.ExactReplayMs == new EngineSettings().ExactReplayMs ? options.ExactReplayMs : model.ExactReplayMs,
    };
}
