using System.Collections.Frozen;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines;

/// <summary>Finds the factory for a package's kind.</summary>
public sealed class EngineCatalog(IEnumerable<IEngineFactory> factories)
{
    private readonly FrozenDictionary<string, IEngineFactory> _factories = factories.ToFrozenDictionary(f => f.Kind, StringComparer.Ordinal);

    /// <exception cref="ModelPackageException">No factory is registered for the package's kind.</exception>
    public Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken) =>
        _factories.TryGetValue(package.Manifest.Kind, out var factory)
            ? factory.CreateAsync(package, options, cancellationToken)
            : throw new ModelPackageException(
                package.Manifest.Name,
                $"Model '{package.Manifest.Name}' is of kind '{package.Manifest.Kind}', which this build does not run; it runs {string.Join(", ", _factories.Keys.Order())}.");
}
