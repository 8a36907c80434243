using System.Collections.Concurrent;
using Meridian.Inference.Engines;
using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Shards;

/// <summary>
/// Every engine of this silo, so that none outlives it: a shard releases its own when it deactivates, and the container disposes what is left where a silo stops without
/// deactivating its grains (a failed start, a shutdown out of time).
/// </summary>
public sealed partial class LoadedEngines(ILogger<LoadedEngines> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<IEngine, byte> _engines = new(ReferenceEqualityComparer.Instance);

    /// <value>Those that are loaded now.</value>
    public ICollection<IEngine> All => _engines.Keys;

    public void Add(IEngine engine) => _engines.TryAdd(engine, 0);

    /// <summary>Disposes an engine once; never throws. May block: not for a scheduler thread of Orleans.</summary>
    public async Task ReleaseAsync(IEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (!_engines.TryRemove(engine, out _)) return;
        try
        {
            await engine.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogDisposeFailed(e, engine.Package.Manifest.Id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines.Keys) await ReleaseAsync(engine).ConfigureAwait(false);
    }
}
