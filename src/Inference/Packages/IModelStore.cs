namespace Meridian.Inference.Packages;

/// <summary>A region's model packages: <c>ROOT/name/version/variant/</c>.</summary>
public interface IModelStore
{
    /// <summary>The package of a model; the newest installed where version or variant is null.</summary>
    /// <exception cref="ModelPackageException">Not installed, or its manifest is damaged.</exception>
    ModelPackage Open(string name, string? version = null, string? variant = null);

    /// <summary>
    /// Makes sure that a source's package is installed and returns it. Safe against crashes and against other processes doing the same:
    /// files are written to a temporary directory and renamed.
    /// </summary>
    Task<ModelPackage> InstallAsync(IModelSource source, CancellationToken cancellationToken);
}
