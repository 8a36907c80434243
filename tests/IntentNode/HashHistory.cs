using System.Collections.Concurrent;
using Meridian.Intents;
using Microsoft.Extensions.Hosting;

namespace Meridian.IntentNode;

/// <summary>Every copy that this process had, by applied index, so that it can be compared with others' at the same index.</summary>
internal sealed class HashHistory(IIntentLog log) : BackgroundService
{
    private const int Kept = 8192;

    private readonly ConcurrentDictionary<long, Func<string>> _hashes = new();
    private readonly ConcurrentQueue<long> _order = new();

    public IEnumerable<NodeHash> Since(long index) => _hashes.Where(pair => pair.Key > index).Select(pair => new NodeHash(pair.Key, pair.Value()));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var replica = log.Current;
        while (true)
        {
            if (_hashes.TryAdd(replica.AppliedIndex, replica.Hash))
                _order.Enqueue(replica.AppliedIndex);
            if (_order.Count > Kept && _order.TryDequeue(out var oldest))
                _hashes.TryRemove(oldest, out _);
            replica = await log.WaitForChangeAsync(replica.AppliedIndex, stoppingToken);
        }
    }
}
