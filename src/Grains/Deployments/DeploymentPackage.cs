using Meridian.Grains.Settings;
using Meridian.Inference.Packages;
using Meridian.Messages;

namespace Meridian.Grains.Deployments;

/// <summary>
/// Opens the package of a deployment's target. A version of the log is named by the digest of its manifest; a package with the same name and another manifest is not that
/// version, and is not served.
/// </summary>
internal static class DeploymentPackage
{
    /// <summary>Reads files, so do not call it on a scheduler thread of Orleans.</summary>
    /// <exception cref="ModelPackageException">The package is not in the region's store, or it is damaged.</exception>
    public static ModelPackage Open(IModelStore store, CatalogueModel model, string? version, string? variant)
    {
        // The first variant that the log names, so that all regions serve the same one.
        var known = Array.Find(model.Spec.Versions ?? [], v => v.Name == version);
        variant ??= known?.Variants[0].Name;
        var digest = known is null || variant is null ? null : model.ManifestOf(known.Name, variant);
        if (digest is null) return store.Open(model.Name, version, variant);
        try
        {
            var package = store.Open(model.Name, version, variant);
            if (package.ManifestDigest() is { } found && found != digest) throw Missing(model, version, variant, digest, $"its store has {found} under that name", null);
            return package;
        }
        catch (ModelPackageException e) when (e is not MissingFilesException && !store.Has(model.Name, version!, variant!))
        {
            throw Missing(model, version, variant, digest, "its store has no such package", e);
        }
    }

    private static MissingFilesException Missing(CatalogueModel model, string? version, string? variant, string digest, string found, Exception? inner) => new(
        digest,
        $"{ModelStatus.FilesMissing}{digest}. The region is to serve {model.Name}/{version}/{variant} from the package with this manifest, but {found}. Put it there with: store add FOLDER --name {model.Name}",
        inner);
}
