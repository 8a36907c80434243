using Meridian.Inference.Engines;
using Meridian.Inference.Packages;

namespace Meridian.Benchmarks.Embeddings;

/// <summary>Engines that compute nothing: what is left of a request is its path.</summary>
public sealed class NoOpEngineFactory : IEngineFactory
{
    public string Kind => NoOpPackage.Kind;

    public Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken) =>
        Task.FromResult<IEngine>(new NoOpEngine(package, options));
}
