using Meridian.Grains.Draining;
using Meridian.Grains.Placement;

namespace Meridian.Grains.Deployments;

// This file moves replicas to other silos. A replica leaves its place for one of three reasons: it is drained, its silo is drained, or another silo
// has fewer replicas.
// Normal course: the deployment loads a replacement with another number beside the old replica. Placement avoids drained silos. When the replacement
// is ready, it takes the old replica's place in the table. The old replica is unloaded after the routers know. At most one extra copy of the model
// exists at a time.
// Without room for the extra copy, the load fails. The old replica keeps serving and the table gives the reason. At the drain's deadline the old
// replica gives up its place first. This frees its memory, and the replacement loads afterwards.
// A replica stays if no other silo can run its model. A replica that moves only for balance also stays if its replacement fails to load or is placed
// on the same silo.
//
// The replacement needs another number because Orleans remembers the silo of the old number. A call to the old number after its end would activate it
// on that silo again.
public sealed partial class ModelDeployment
{
    private string? _drainProblem;
    private bool _numbersUnknown;
    private bool _keepingNumbers;
    private SiloAddress[] _movedAmong = [];
    private int _moves;
    private long _movedAt;
    private long _nextKeeping;

    /// <summary>The drain that makes a replica leave, or null.</summary>
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

                // The store may have no record of the replica numbers yet. Write one now: a later activation needs it to find the replacement that is
                // being loaded.
                if (State.Numbers is null) _numbersUnknown = true;
            }

            if (drain.Target.Scope == DrainScope.Silo && slot.Replacement.Status.Silo is { } landed && _drains.IsLeaving(landed))
            {
                // Orleans still knew an activation with that number on the drained silo. A new number has no such history.
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

    /// <summary>
    /// Begins to move one replica if the replica counts of two silos differ by two or more. A failed move is retried after a wait that doubles each
    /// time. A change of the silo list ends the wait.
    /// </summary>
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

    /// <summary>Finds the smallest number that no replica has and that no drain names.</summary>
    /// <param name="reuse">Whether the number may belong to a replica that is waiting for its unload. That replica then stays in use.</param>
    /// <param name="fits">A further condition on the number, or null.</param>
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

    /// <summary>
    /// Applies the replica numbers of the record, which is known now. Unloads replicas that an earlier activation left behind: it may have been lost
    /// between a change and the unload.
    /// </summary>
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

        // A replacement for balance takes the first number that placement maps to the wanted silo. Its number can exceed the others by up to the
        // number of silos.
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

    /// <summary>
    /// Writes the replica numbers to the store. A failed write is retried later without haste: only the next activation needs the numbers.
    /// </summary>
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
            // The write may have happened. The record is read again before the next change, as after any failed write.
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
