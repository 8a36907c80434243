using System.Collections.Concurrent;

namespace Meridian.Grains.Replicas;

/// <summary>
/// Counts the items that this silo has in flight at each replica. All router activations of the silo share the counts; with separate counts no router
/// would see the load of the others.
/// </summary>
public sealed class ReplicaLeases
{
    private readonly ConcurrentDictionary<string, Counter> _counters = new(StringComparer.Ordinal);

    /// <summary>Items in flight from this silo at a replica.</summary>
    public int InFlight(string replica) => _counters.TryGetValue(replica, out var counter) ? counter.Items : 0;

    /// <value>Items in flight from this silo at all replicas together.</value>
    public int Total
    {
        get
        {
            var total = 0;
            foreach (var counter in _counters) total += counter.Value.Items;
            return total;
        }
    }

    public ReplicaLease Take(string replica, int items) => new(Of(replica), items);

    internal Counter Of(string replica) => _counters.GetOrAdd(replica, static _ => new Counter());

    internal sealed class Counter
    {
        private int _items;

        public int Items => Volatile.Read(ref _items);

        public void Add(int items) => Interlocked.Add(ref _items, items);
    }
}
