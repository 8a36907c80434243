using System.Collections.Frozen;
using Meridian.Routing.Snapshots;
using Meridian.Specs;

namespace Meridian.Grains.Settings;

/// <summary>The models that this region is to serve, by one revision of the intent. Immutable; a later revision replaces it as a whole.</summary>
public sealed class Catalogue
{
    private Catalogue(long epoch, IEnumerable<CatalogueModel> models)
    {
        Epoch = epoch;
        Models = [.. models];
        ByName = Models.ToFrozenDictionary(static m => m.Name, StringComparer.Ordinal);
    }

    /// <value>Epoch of the intent; 0 where the region's own settings decide.</value>
    public long Epoch { get; }

    /// <value>In the order of the intent.</value>
    public CatalogueModel[] Models { get; }

    public FrozenDictionary<string, CatalogueModel> ByName { get; }

    /// <summary>The models that a region's own settings name, for a process without an intent.</summary>
    public static Catalogue Of(RegionOptions region)
    {
        ArgumentNullException.ThrowIfNull(region);
        return new Catalogue(0, region.Models.Select(static m => OfSettings(m, null)));
    }

    /// <summary>The models that an intent deploys to a region.</summary>
    /// <param name="intent">The intent. A process of an older build sends models without their records.</param>
    /// <param name="region">The region. Its settings decide about models without records, and about engine settings that an older record lacks.</param>
    public static Catalogue Of(Intent intent, RegionOptions region)
    {
        ArgumentNullException.ThrowIfNull(intent);
        ArgumentNullException.ThrowIfNull(region);
        return new Catalogue(intent.Epoch, intent.Models.Where(m => m.Regions.Length == 0 || Array.IndexOf(m.Regions, region.Name) >= 0).Select(Model));

        CatalogueModel Model(ModelDeclaration declared)
        {
            var configured = region.Models.Find(m => m.Name == declared.Name);
            if (declared.Spec is not { } spec)
                return OfSettings(configured ?? new ModelOptions { Name = declared.Name }, declared);
            var deployment = declared.Deployment ?? new DeploymentSpec();
            var engine = spec.Engine ?? configured?.ToEngine() ?? new EngineSettings();
            if (engine.Device is null && configured is not null) engine = engine with { Device = configured.Device };
            return new CatalogueModel(declared.Name, spec, deployment with { Replicas = deployment.Replicas ?? configured?.Replicas ?? 1 }, engine);
        }
    }

    private static CatalogueModel OfSettings(ModelOptions model, ModelDeclaration? declared) => new(
        model.Name,
        new ModelSpec { Kind = declared?.Kind ?? "", OwnedBy = declared?.OwnedBy ?? "" },
        new DeploymentSpec { Version = model.Version, Variant = model.Variant, Replicas = model.Replicas },
        model.ToEngine());
}

/// <summary>A model that this region is to serve.</summary>
public sealed class CatalogueModel
{
    internal CatalogueModel(string name, ModelSpec spec, DeploymentSpec deployment, EngineSettings engine)
    {
        Name = name;
        Spec = spec;
        Deployment = deployment;
        Engine = engine;
        Digest = SettingsDigest.Of(engine);
    }

    public string Name { get; }

    public ModelSpec Spec { get; }

    public DeploymentSpec Deployment { get; }

    /// <value>How the model's engines are to run.</value>
    public EngineSettings Engine { get; }

    /// <value>Digest of <see cref="Engine"/>. A replica that was loaded with other settings has another digest.</value>
    public string Digest { get; }

    /// <summary>SHA-256 of the manifest that a version and variant must have, or null where the log does not know them.</summary>
    public string? ManifestOf(string version, string variant) =>
        Array.Find(Spec.Versions ?? [], v => v.Name == version) is { } known ? Array.Find(known.Variants, v => v.Name == variant)?.Manifest : null;
}
