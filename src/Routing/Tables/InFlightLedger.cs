using System.Collections.Concurrent;
using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>
/// Requests this edge has under way, by region and by model. Counted live: the snapshot's figures are as old as the last beat, and what an edge has sent since then it knows itself.
/// Counts are exact. What is unreported may be off by the requests that come and go in the instant of a beat, until the next one.
/// <para>
/// A region keeps the slot that it is first given; counts lie side by side by slot, so that a decision reads them in one go, and never move, so that an entry may hold on to its own.
/// </para>
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

    /// <summary>Counts one request until the entry is disposed, whatever happens in between.</summary>
    public Entry Enter(string region) => new(this, SlotOf(region), null);

    /// <summary>Counts one request for a model.</summary>
    public Entry Enter(string region, string model) => new(this, SlotOf(region), CountsOf(model));

    /// <summary>The region reported its load: what is under way now is in the next snapshot's figures, or nearly so.</summary>
    public void Heard(string region)
    {
        if (_slots.TryGetValue(region, out var slot))
            Interlocked.Increment(ref _regions[slot].Report);
    }

    /// <summary>Counts of a model and of all, to be read by region. Kept for the intent that was asked for last; what is counted is the same for all intents.</summary>
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

    // Whoever comes first after a report notes what was under way then: nothing has changed in between, because whoever changes it comes here first.
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
        /// <summary>Requests under way at the region, and how many more of the model than when the region reported last; negative for fewer.</summary>
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

    /// <summary>A count a slot, in blocks that stay where they are when more are needed.</summary>
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

    /// <summary>Of a region: <see cref="Report"/> counts its reports. Of a model there: the report that <see cref="Reported"/> was under way at.</summary>
    internal struct Tally
    {
        public int Value;
        public int Reported;
        public int Report;
    }

    private sealed record Row(Intent Intent, int[] Slots, Counts?[] Models);
}
