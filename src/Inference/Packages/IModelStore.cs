namespace Meridian.Inference.Packages;

/// <summary>A region's model packages: <c>ROOT/name/version/variant/</c>.</summary>
public interface IModelStore
{
    /// <summary>Opens the package of a model. Where version or variant is null, takes the package that was installed last.</summary>
    /// <exception cref="ModelPackageException">The model is not installed, or its manifest is damaged.</exception>
    ModelPackage Open(string name, string? version = null, string? variant = null);

    /// <summary>Whether a package of this name, version and variant is installed, damaged or not.</summary>
    bool Has(string name, string version, string variant);

    /// <summary>
    /// Installs a source's package unless it is installed already, and returns it. Safe against crashes and against other processes that install the same
    /// package: files are written to a temporary directory, which is then renamed.
    /// </summary>
    Task<ModelPackage> InstallAsync(IModelSource source, CancellationToken cancellationToken);
}
