using System.Collections.Concurrent;
using Meridian.Inference.Engines;
using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Shards;

/// <summary>
/// All engines of this silo, so that no engine outlives the silo. Normally a shard releases its own engine when it deactivates. A silo can also stop
/// without deactivating its grains, after a failed start or a shutdown that ran out of time. The container then disposes the remaining engines.
/// </summary>
public sealed partial class LoadedEngines(ILogger<LoadedEngines> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<IEngine, byte> _engines = new(ReferenceEqualityComparer.Instance);

    /// <value>The engines that are loaded now.</value>
    public ICollection<IEngine> All => _engines.Keys;

    public void Add(IEngine engine) => _engines.TryAdd(engine, 0);

    /// <summary>Disposes an engine once and never throws. It may block, so do not call it on a scheduler thread of Orleans.</summary>
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
