using System.Collections.Concurrent;
using Meridian.Federation.Directory;

namespace Meridian.Federation.Routing;

/// <summary>Requests this edge has under way, by region. Counted live: the snapshot's figure is as old as the last beat.</summary>
public sealed class InFlightLedger
{
    private readonly ConcurrentDictionary<string, Counter> _counters = new(StringComparer.Ordinal);
    private Row? _row;

    /// <summary>Requests under way at the region now.</summary>
    public int Count(string region) => _counters.TryGetValue(region, out var counter) ? Volatile.Read(ref counter.Value) : 0;

    /// <summary>Counts one request until the entry is disposed, whatever happens in between.</summary>
    public Entry Enter(string region) => Enter(Of(region));

    /// <summary>The same for a region by its position in the intent's.</summary>
    public Entry Enter(Intent intent, int region) => Enter(InOrder(intent)[region]);

    /// <summary>The regions' counters in the intent's order. Kept for the intent that was asked for last; a region's counter is the same for all intents.</summary>
    internal Counter[] InOrder(Intent intent)
    {
        var row = Volatile.Read(ref _row);
        if (row is null || !ReferenceEquals(row.Intent, intent))
        {
            row = new Row(intent, Array.ConvertAll(intent.Regions, member => Of(member.Name)));
            Volatile.Write(ref _row, row);
        }

        return row.Counters;
    }

    private static Entry Enter(Counter counter)
    {
        Interlocked.Increment(ref counter.Value);
        return new Entry(counter);
    }

    private Counter Of(string region) => _counters.GetOrAdd(region, static _ => new Counter());

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

    private sealed record Row(Intent Intent, Counter[] Counters);
}
