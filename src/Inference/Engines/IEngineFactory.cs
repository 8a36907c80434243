using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines;

/// <summary>Creates engines for one kind of model. Registered in DI; <see cref="EngineCatalog"/> finds it by kind.</summary>
public interface IEngineFactory
{
    /// <value>The <c>kind</c> of the manifests that this factory serves, for example <c>embedding</c>.</value>
    string Kind { get; }

    /// <summary>Verifies the package's files by hash, loads the model and warms it up. The engine is ready when the task completes.</summary>
    /// <exception cref="ModelPackageException">A file is missing, was altered or cannot be loaded. The message names the file.</exception>
    Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken);
}
