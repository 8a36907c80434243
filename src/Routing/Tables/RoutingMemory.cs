using Meridian.Routing.Options;
using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>
/// State that outlives a single decision: the shares of <c>spill-over</c>, by model and region. Any thread may call it. The thread that first sees a queue
/// cross a mark replaces the state; other threads then find the new state. A change of the intent keeps the states of the models and regions that are still
/// in it.
/// </summary>
/// <param name="time">Clock for the states.</param>
public sealed class RoutingMemory(TimeProvider time)
{
    private readonly Lock _rebuild = new();
    private readonly long _started = time.GetTimestamp();
    private Table _table = new(IntentIndex.Of(Intent.Empty), []);

    /// <summary>The share of its requests that a region keeps now, 0 to 1, for its current queue of <paramref name="queueMs"/> ms.</summary>
    internal double SpillShare(IntentIndex index, int model, int region, double queueMs, RoutingOptions options)
    {
        var table = Volatile.Read(ref _table);
        if (!ReferenceEquals(table.Index, index))
            table = Rebuild(index);
        var row = Volatile.Read(ref table.Rows[model]);
        if (row is null)
        {
            // If no queue is above the mark, there is no state to remember.
            if (queueMs <= options.HighWaterMs)
                return 1;
            row = new SpillState?[index.Intent.Regions.Length];
            row = Interlocked.CompareExchange(ref table.Rows[model], row, null) ?? row;
        }

        ref var slot = ref row[region];
        var known = Volatile.Read(ref slot);
        var state = known ?? SpillState.Whole;
        if (ReferenceEquals(state, SpillState.Whole) && queueMs <= options.HighWaterMs)
            return 1;
        var next = state.Next(queueMs, (long)time.GetElapsedTime(_started).TotalMilliseconds, options);
        if (!ReferenceEquals(next, state))
            Interlocked.CompareExchange(ref slot, next, known);
        return next.Share;
    }

    private Table Rebuild(IntentIndex index)
    {
        lock (_rebuild)
        {
            var old = _table;
            if (ReferenceEquals(old.Index, index))
                return old;
            var table = new Table(index, new SpillState?[]?[index.Intent.Models.Length]);
            for (var model = 0; model < old.Rows.Length; model++)
            {
                if (old.Rows[model] is not { } row || !index.Models.TryGetValue(old.Index.Intent.Models[model].Name, out var to))
                    continue;
                var moved = new SpillState?[index.Intent.Regions.Length];
                for (var region = 0; region < row.Length; region++)
                {
                    if (index.Regions.TryGetValue(old.Index.Intent.Regions[region].Name, out var at))
                        moved[at] = row[region];
                }

                table.Rows[to] = moved;
            }

            Volatile.Write(ref _table, table);
            return table;
        }
    }

    private sealed record Table(IntentIndex Index, SpillState?[]?[] Rows);
}
