using Meridian.Grains.Draining;
using Meridian.Grains.Placement;

namespace Meridian.Grains.Deployments;

// Replicas that leave, because they or their silo are drained, or because another silo has fewer. A replacement under another number is loaded beside the old replica (placement passes
// drained silos over) and takes its place in the table when it is ready; the old one is unloaded once routers know. One extra copy of the model at a time. Where there is no room for it
// the load fails, the old replica serves on and the table says why; at the drain's deadline it gives its place up first, which frees its memory, and the replacement loads after it. A
// replica whose model can run on no other silo stays. One that moves only for balance stays where its replacement cannot be loaded or comes to stand on the same silo.
//
// Another number, because Orleans remembers where the old one stood: called after its end it would be activated there again.
public sealed partial class ModelDeployment
{
    private string? _drainProblem;
    private bool _numbersUnknown;
    private bool _keepingNumbers;
    private SiloAddress[] _movedAmong = [];
    private int _moves;
    private long _movedAt;
    private long _nextKeeping;

    /// <summary>The drain that a replica is to leave by, or null.</summary>
    private DrainReport? Leaving(ReplicaSlot slot) =>
        _drains.DrainOf(slot.Key) ?? (slot.Status.Silo is { } silo ? _drains.DrainOf(silo) : null);

    private void Replace()
    {
        _drainProblem = null;
        for (var i = 0; i < _slots.Count; i++)
        {
            var slot = _slots[i];
            if (Leaving(slot) is not { } drain)
            {
                if (slot is { Moving: true, Replacement: { } moved })
                {
                    var elsewhere = !Equals(moved.Status.Silo, slot.Status.Silo);
                    if (moved.Status.State == ShardState.Ready && elsewhere) Swap(i, moved);
                    else if (moved.Status.State == ShardState.Failed || (moved.Status.Silo is not null && !elsewhere)) GiveUp(slot, moved);
                    continue;
                }

                if (slot.Replacement is { } needless) Discard(needless);
                slot.Replacement = null;
                continue;
            }

            if (drain.Target.Scope == DrainScope.Silo && !Array.Exists(_devices.Candidates(_model!.Device), silo => !_drains.IsLeaving(silo)))
            {
                _drainProblem = $"{slot.Status.Key} is to leave silo {slot.Status.Silo}, but no other silo can run it.";
                continue;
            }

            if (slot.Replacement is null)
            {
                if (_slots.Exists(static other => other.Replacement is not null)) continue;
                slot.Replacement = Slot(FreeNumber(reuse: false));
                slot.Moving = false;
                LogReplacing(slot.Status.Key, slot.Replacement.Status.Key);

                // Makes the record, where there is none, by which whoever takes over from here looks for what is loaded now.
                if (State.Numbers is null) _numbersUnknown = true;
            }

            if (drain.Target.Scope == DrainScope.Silo && slot.Replacement.Status.Silo is { } landed && _drains.IsLeaving(landed))
            {
                // Orleans still knew an activation of that number there. Another number has no past.
                GiveUp(slot, slot.Replacement);
                continue;
            }

            var ready = slot.Replacement.Status.State == ShardState.Ready;
            if (ready || drain.Overdue || slot.Status.State is ShardState.Failed or ShardState.Unloaded)
            {
                Swap(i, slot.Replacement);
            }
            else if (slot.Replacement.Status.Problem is { } problem)
            {
                _drainProblem = $"{slot.Status.Key} is to leave and serves until its replacement is ready, which it is not: {problem}";
            }
        }
    }

    private void Swap(int index, ReplicaSlot replacement)
    {
        var slot = _slots[index];
        if (slot.Moving) _moves = 0;
        slot.Replacement = null;
        _slots[index] = replacement;
        Discard(slot);
        LogReplaced(slot.Status.Key, replacement.Status.Key, replacement.Status.State);
        SetChanged();
    }

    private void GiveUp(ReplicaSlot slot, ReplicaSlot replacement)
    {
        Discard(replacement);
        slot.Replacement = null;
        slot.Moving = false;
    }

    /// <summary>Begins to move a replica where two silos differ by two or more. A move that failed is tried again, each time after twice as long, or when the silos are others.</summary>
    private void Rebalance()
    {
        if (_slots.Count < 2 || _surplus.Count > 0 || _time.GetElapsedTime(_settledAt) < _region.RebalanceAfter) return;
        if (_slots.Exists(slot => slot.Replacement is not null || Leaving(slot) is not null)) return;
        _settledAt = _time.GetTimestamp();
        if (!_slots.TrueForAll(static s => s.Status.State == ShardState.Ready)) return;

        var silos = Array.FindAll(_devices.Candidates(_model!.Device), silo => !_drains.IsLeaving(silo));
        if (silos.Length < 2) return;
        Array.Sort(silos);
        var counts = Array.ConvertAll(silos, silo => _slots.Count(slot => silo.Equals(slot.Status.Silo)));
        var (most, least) = (Array.IndexOf(counts, counts.Max()), Array.IndexOf(counts, counts.Min()));
        if (counts[most] - counts[least] < 2) return;
        if (!silos.AsSpan().SequenceEqual(_movedAmong)) _moves = 0;
        else if (_time.GetElapsedTime(_movedAt) < _region.RebalanceAfter * (1L << Math.Min(_moves, 10))) return;

        var moved = _slots.First(slot => silos[most].Equals(slot.Status.Silo));
        moved.Replacement = Slot(FreeNumber(reuse: false, number => ReplicaPlacementDirector.Choose(silos, Key(number)).Equals(silos[least])));
        moved.Moving = true;
        _moves++;
        _movedAt = _settledAt;
        _movedAmong = silos;
        if (State.Numbers is null) _numbersUnknown = true;
        LogMoving(moved.Status.Key, moved.Status.Silo);
    }

    private void Remove(int index)
    {
        var slot = _slots[index];
        _slots.RemoveAt(index);
        Discard(slot);
        if (slot.Replacement is { } replacement) Discard(replacement);
        slot.Replacement = null;
    }

    private void Discard(ReplicaSlot slot)
    {
        slot.UnloadFrom = _time.GetTimestamp() + (long)((_region.LongPoll + _region.ReconcileInterval).TotalSeconds * _time.TimestampFrequency);
        _surplus.Add(slot);
    }

    /// <summary>The least number that no replica has or is drained under.</summary>
    /// <param name="reuse">Whether it may be that of a replica which is just being unloaded, and is loaded again after that.</param>
    /// <param name="fits">What else it must be, or null.</param>
    private int FreeNumber(bool reuse, Predicate<int>? fits = null)
    {
        for (var number = 0; ; number++)
        {
            var key = Key(number);
            if (_slots.Exists(slot => slot.Key == key || slot.Replacement?.Key == key)) continue;
            if (_drains.DrainOf(key) is not null) continue;
            if (fits is not null && !fits(number)) continue;
            if (!reuse && _surplus.Exists(slot => slot.Key == key)) continue;
            _surplus.RemoveAll(slot => slot.Key == key);
            return number;
        }
    }

    /// <summary>Takes the numbers of the record, which is known now, and unloads what a predecessor left behind: it may have been lost between a change and its unloading.</summary>
    private bool Adopt()
    {
        var wanted = State.NumbersFor(Desired);
        var before = _slots.ConvertAll(static slot => slot.Key.Replica);
        foreach (var slot in _slots)
        {
            if (!wanted.Contains(slot.Key.Replica)) _surplus.Add(slot);
        }

        var known = _slots.ToArray();
        _slots.Clear();
        foreach (var number in wanted) _slots.Add(Array.Find(known, slot => slot.Key.Replica == number) ?? Slot(number));

        // A replacement for balance takes the first number that lands on the wanted silo: as many above the others as there are silos.
        var numbers = State.HighWater();
        if (numbers > 0) numbers += _devices.Candidates(_model!.Device).Length;
        for (var i = 0; i < numbers; i++)
        {
            var key = Key(i);
            if (!_slots.Exists(slot => slot.Key == key) && !_surplus.Exists(slot => slot.Key == key)) _surplus.Add(Slot(i));
        }

        return !before.SequenceEqual(wanted);
    }

    private void KeepNumbers()
    {
        if (!_recordKnown || _keepingNumbers || _time.GetTimestamp() < _nextKeeping) return;
        var numbers = _slots.ConvertAll(static slot => slot.Key.Replica);
        if (_numbersUnknown || !numbers.SequenceEqual(State.NumbersFor(Desired))) KeepNumbersAsync([.. numbers]).Ignore();
    }

    /// <summary>A store that does not take them is asked again: they matter only to whoever takes over from this activation.</summary>
    private async Task KeepNumbersAsync(int[] numbers)
    {
        _keepingNumbers = true;
        try
        {
            var next = new GrainState<DeploymentState>(State with { Numbers = numbers }, _record.ETag) { RecordExists = _record.RecordExists };
            using var patience = new CancellationTokenSource(_region.StoreTimeout, _time);
            await _storage.WriteStateAsync(StateName, this.GetGrainId(), next, patience.Token).WaitAsync(patience.Token);
            _record = next;
            _numbersUnknown = false;
        }
        catch (Exception e)
        {
            // What the store has now is read before the next change, as after one that failed.
            LogNumbersNotKept(e, _name);
            _recordKnown = false;
            _nextKeeping = _time.GetTimestamp() + _time.TimestampFrequency;
        }
        finally
        {
            _keepingNumbers = false;
        }
    }
}
