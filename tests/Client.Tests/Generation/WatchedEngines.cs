using System.Collections.Concurrent;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;

namespace Meridian.Client.Tests.Generation;

/// <summary>The engines that a region has loaded, so that a test sees what they do.</summary>
internal sealed class WatchedEngines
{
    private readonly ConcurrentQueue<IEngine> _engines = new();

    public IGenerationEngine Single => (IGenerationEngine)_engines.Single();

    internal sealed class Factory(GenerationEngineFactory factory, WatchedEngines engines) : IEngineFactory
    {
        public string Kind => factory.Kind;

        public async Task<IEngine> CreateAsync(ModelPackage package, EngineOptions options, CancellationToken cancellationToken)
        {
            var engine = await factory.CreateAsync(package, options, cancellationToken);
            engines._engines.Enqueue(engine);
            return engine;
        }
    }
}
