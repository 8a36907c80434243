using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines;

/// <summary>Makes engines for one kind of model. Registered in DI; <see cref="EngineCatalog"/> finds it by kind.</summary>
public interface IEngineFactory
{
    /// <value>The manifest's <c>kind</c> it serves, for example <c>embedding</c>.</value>
    string Kind { get; }

    /// <summary>Verifies the package's files by hash, loads and warms up; the engine is ready when the task completes.</summary>
    /// <exception cref="ModelPackageException">A file is missing, was altered or cannot be loaded; names it.</exception>
    Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken);
}
