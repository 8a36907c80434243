using System.Collections.Concurrent;
using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>
/// Counts the requests that this edge has in flight, by region and by model. The figures of a snapshot are as old as the last heartbeat; this ledger knows
/// the requests that the edge has sent since then. The counts of requests in flight are exact. The unreported counts may be off by the requests that start or
/// end in the instant of a heartbeat, until the next heartbeat.
///
/// <para>A region keeps the slot that it gets first. The counts lie side by side in slot order, so that a decision reads them in one pass. They never move,
/// so that an entry may keep a reference to its own count.</para>
/// </summary>
public sealed class InFlightLedger
{
    private readonly ConcurrentDictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Counts> _models = new(StringComparer.Ordinal);
    private readonly Counts _regions = new();
    private readonly Lock _newSlot = new();
    private Row? _row;

    /// <summary>Requests under way at the region now.</summary>
    public int Count(string region) => _slots.TryGetValue(region, out var slot) ? Volatile.Read(ref _regions[slot].Value) : 0;

    /// <summary>Counts one request until the entry is disposed.</summary>
    public Entry Enter(string region) => new(this, SlotOf(region), null);

    /// <summary>Counts one request for a model until the entry is disposed.</summary>
    public Entry Enter(string region, string model) => new(this, SlotOf(region), CountsOf(model));

    /// <summary>
    /// Call this when the region has reported its load. The requests that are in flight now are then (nearly all) included in the figures of the next
    /// snapshot.
    /// </summary>
    public void Heard(string region)
    {
        if (_slots.TryGetValue(region, out var slot))
            Interlocked.Increment(ref _regions[slot].Report);
    }

    /// <summary>
    /// The counts of a model and of all models, indexed by region. The slots are cached for the last intent; the counts do not depend on the intent.
    /// </summary>
    internal Reader Read(Intent intent, int model)
    {
        var row = Volatile.Read(ref _row);
        if (row is null || !ReferenceEquals(row.Intent, intent))
        {
            row = new Row(intent, Array.ConvertAll(intent.Regions, member => SlotOf(member.Name)), new Counts[intent.Models.Length]);
            Volatile.Write(ref _row, row);
        }

        ref var counts = ref row.Models[model];
        return new Reader(row.Slots, _regions, Volatile.Read(ref counts) ?? (counts = CountsOf(intent.Models[model].Name)));
    }

    private Counts CountsOf(string model) => _models.GetOrAdd(model, static _ => new Counts());

    private int SlotOf(string region)
    {
        if (_slots.TryGetValue(region, out var slot))
            return slot;
        lock (_newSlot)
            return _slots.GetOrAdd(region, _slots.Count);
    }

    // The first caller after a report stores the number of requests that was in flight at the report. The number cannot have changed in between, because
    // every change calls Settle
    // first.
    private static void Settle(ref Tally count, int report)
    {
        if (Volatile.Read(ref count.Report) == report)
            return;
        Volatile.Write(ref count.Reported, Volatile.Read(ref count.Value));
        Volatile.Write(ref count.Report, report);
    }

    /// <summary>One counted request. Dispose exactly once.</summary>
    public readonly struct Entry : IDisposable
    {
        private readonly InFlightLedger _ledger;
        private readonly int _slot;
        private readonly Counts? _model;

        internal Entry(InFlightLedger ledger, int slot, Counts? model)
        {
            _ledger = ledger;
            _slot = slot;
            _model = model;
            Add(1);
        }

        public void Dispose() => Add(-1);

        private void Add(int count)
        {
            ref var region = ref _ledger._regions[_slot];
            Interlocked.Add(ref region.Value, count);
            if (_model is null)
                return;
            ref var model = ref _model[_slot];
            Settle(ref model, Volatile.Read(ref region.Report));
            Interlocked.Add(ref model.Value, count);
        }
    }

    /// <summary>Counts by the regions' positions in an intent.</summary>
    internal readonly ref struct Reader(int[] slots, Counts regions, Counts model)
    {
        /// <summary>
        /// The requests in flight at the region, and how many more requests of the model are in flight than at the region's last report (negative if there
        /// are fewer).
        /// </summary>
        public (int InFlight, int Unreported) this[int region]
        {
            get
            {
                ref var all = ref regions[slots[region]];
                ref var one = ref model[slots[region]];
                Settle(ref one, Volatile.Read(ref all.Report));
                return (Volatile.Read(ref all.Value), Volatile.Read(ref one.Value) - Volatile.Read(ref one.Reported));
            }
        }
    }

    /// <summary>One count per slot. The counts lie in blocks that stay in place when more blocks are added.</summary>
    internal sealed class Counts
    {
        private const int BlockBits = 6;
        private readonly Tally[] _first = new Tally[1 << BlockBits];
        private Tally[][] _more = [];

        public ref Tally this[int slot] => ref slot < 1 << BlockBits ? ref _first[slot] : ref More((slot >> BlockBits) - 1)[slot & ((1 << BlockBits) - 1)];

        private Tally[] More(int block)
        {
            var known = Volatile.Read(ref _more);
            if (block < known.Length)
                return known[block];
            lock (_first)
            {
                known = _more;
                if (block < known.Length)
                    return known[block];
                var longer = new Tally[block + 1][];
                known.CopyTo(longer, 0);
                for (var i = known.Length; i <= block; i++)
                    longer[i] = new Tally[1 << BlockBits];
                Volatile.Write(ref _more, longer);
                return longer[block];
            }
        }
    }

    /// <summary>
    /// The counters of one slot. In a region's tally, <see cref="Report"/> counts the region's reports. In a model's tally, <see cref="Report"/> is the
    /// number of the report at which <see cref="Reported"/> requests were in flight.
    /// </summary>
    internal struct Tally
    {
        public int Value;
        public int Reported;
        public int Report;
    }

    private sealed record Row(Intent Intent, int[] Slots, Counts?[] Models);
}
