using System.Collections.Concurrent;

namespace Meridian.Federation.Routing;

/// <summary>Requests this edge has under way, by region. Counted live: the snapshot's figure is as old as the last beat.</summary>
public sealed class InFlightLedger
{
    private readonly ConcurrentDictionary<string, Counter> _counters = new(StringComparer.Ordinal);

    /// <summary>Requests under way at the region now.</summary>
    public int Count(string region) => _counters.TryGetValue(region, out var counter) ? Volatile.Read(ref counter.Value) : 0;

    /// <summary>Counts one request until the entry is disposed, whatever happens in between.</summary>
    public Entry Enter(string region)
    {
        var counter = _counters.GetOrAdd(region, static _ => new Counter());
        Interlocked.Increment(ref counter.Value);
        return new Entry(counter);
    }

    /// <summary>One counted request. Dispose exactly once.</summary>
    public readonly struct Entry : IDisposable
    {
        private readonly Counter _counter;

        internal Entry(Counter counter) => _counter = counter;

        public void Dispose() => Interlocked.Decrement(ref _counter.Value);
    }

    internal sealed class Counter
    {
        public int Value;
    }
}
