using Meridian.Grains.Draining;
using Meridian.Grains.Placement;
using Meridian.Timing;

namespace Meridian.Grains.Deployments;

// This file replaces replicas. A replica leaves its place for one of four reasons: it is drained, its silo is drained, another silo has fewer replicas, or the engine
// settings of the model have changed since it was loaded.
// Normal course: the deployment loads a replacement with another number beside the old replica. Placement avoids drained silos. When the replacement
// is ready, it takes the old replica's place in the table. The old replica is unloaded after the routers know. At most one extra copy of the model
// exists at a time.
// A replacement for other engine settings that is itself loaded with other settings does not take the place. The next attempt follows after a growing pause.
// Without room for the extra copy, the load fails. The old replica keeps serving and the table gives the reason. At the drain's deadline the old
// replica gives up its place first. This frees its memory, and the replacement loads afterwards.
// A replica stays if no other silo can run its model. A replica that moves only for balance also stays if its replacement fails to load or is placed
// on the same silo.
//
// The replacement needs another number because Orleans remembers the silo of the old number. A call to the old number after its end would activate it
// on that silo again.
internal sealed partial class ReplicaGroup
{
    private static readonly Backoff SettingsPauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));

    private string? _drainProblem;
    private int _wrongSettings;
    private long _nextSettings;
    private SiloAddress[] _movedAmong = [];
    private int _moves;
    private long _movedAt;

    /// <summary>The drain that makes a replica leave, or null.</summary>
    private DrainReport? Leaving(ReplicaSlot slot) =>
        host.Drains.DrainOf(slot.Key) ?? (slot.Status.Silo is { } silo ? host.Drains.DrainOf(silo) : null);

    /// <summary>Whether the replica was loaded with other engine settings than the model is to have now. A replica of an older build does not say.</summary>
    private bool IsOutdated(ReplicaSlot slot) => slot.Status is { State: ShardState.Ready, Settings: { } settings } && host.Model is { } model && settings != model.Digest;

    private static string WrongSettings(ReplicaSlot slot) =>
        $"{slot.Status.Key} serves with other engine settings than the log has, because its replacement was loaded with other settings, too. "
        + "Bring all silos of the region to the same build; the next attempt follows after a pause.";

    private void Replace()
    {
        _drainProblem = null;
        for (var i = 0; i < _slots.Count; i++)
        {
            var slot = _slots[i];
            var drain = Leaving(slot);
            if (drain is null && !IsOutdated(slot))
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

            if (drain?.Target.Scope == DrainScope.Silo && !Array.Exists(host.Devices.Candidates(Device), silo => !host.Drains.IsLeaving(silo)))
            {
                _drainProblem = $"{slot.Status.Key} is to leave silo {slot.Status.Silo}, but no other silo can run it.";
                continue;
            }

            if (drain is null && slot.Replacement is null && _wrongSettings > 0 && host.Time.GetTimestamp() < _nextSettings)
            {
                _drainProblem = WrongSettings(slot);
                continue;
            }

            if (slot.Replacement is null)
            {
                if (_slots.Exists(static other => other.Replacement is not null)) continue;
                slot.Replacement = Slot(FreeNumber(reuse: false));
                slot.Moving = false;
                host.Log.Replacing(slot.Status.Key, slot.Replacement.Status.Key);

                // The store may have no record of the replica numbers yet. Write one now: a later activation needs it to find the replacement that is
                // being loaded.
                if (!_numbersStored) NumbersUnstored = true;
            }

            if (drain?.Target.Scope == DrainScope.Silo && slot.Replacement.Status.Silo is { } landed && host.Drains.IsLeaving(landed))
            {
                // Orleans still knew an activation with that number on the drained silo. A new number has no such history.
                GiveUp(slot, slot.Replacement);
                continue;
            }

            if (drain is null && IsOutdated(slot.Replacement))
            {
                // Its silo does not know the wanted settings, so it is no better than the old replica.
                GiveUp(slot, slot.Replacement);
                _nextSettings = host.Time.GetTimestamp() + (long)(SettingsPauses.After(++_wrongSettings).TotalSeconds * host.Time.TimestampFrequency);
                _drainProblem = WrongSettings(slot);
                continue;
            }

            var ready = slot.Replacement.Status.State == ShardState.Ready;
            if (ready || drain?.Overdue == true || slot.Status.State is ShardState.Failed or ShardState.Unloaded)
            {
                Swap(i, slot.Replacement);
            }
            else if (slot.Replacement.Status.Problem is { } problem)
            {
                _drainProblem = drain is null
                    ? $"{slot.Status.Key} serves with the former engine settings until its replacement is ready, which it is not: {problem}"
                    : $"{slot.Status.Key} is to leave and serves until its replacement is ready, which it is not: {problem}";
            }
        }
    }

    private void Swap(int index, ReplicaSlot replacement)
    {
        var slot = _slots[index];
        if (slot.Moving) _moves = 0;
        if (!IsOutdated(replacement)) _wrongSettings = 0;
        slot.Replacement = null;
        _slots[index] = replacement;
        Discard(slot);
        host.Log.Replaced(slot.Status.Key, replacement.Status.Key, replacement.Status.State);
        Change();
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
        if (_slots.Count < 2 || _surplus.Count > 0 || host.Time.GetElapsedTime(_settledAt) < host.Region.RebalanceAfter) return;
        if (_slots.Exists(slot => slot.Replacement is not null || Leaving(slot) is not null || IsOutdated(slot))) return;
        _settledAt = host.Time.GetTimestamp();
        if (!_slots.TrueForAll(static s => s.Status.State == ShardState.Ready)) return;

        var silos = Array.FindAll(host.Devices.Candidates(Device), silo => !host.Drains.IsLeaving(silo));
        if (silos.Length < 2) return;
        Array.Sort(silos);
        var counts = Array.ConvertAll(silos, silo => _slots.Count(slot => silo.Equals(slot.Status.Silo)));
        var (most, least) = (Array.IndexOf(counts, counts.Max()), Array.IndexOf(counts, counts.Min()));
        if (counts[most] - counts[least] < 2) return;
        if (!silos.AsSpan().SequenceEqual(_movedAmong)) _moves = 0;
        else if (host.Time.GetElapsedTime(_movedAt) < host.Region.RebalanceAfter * (1L << Math.Min(_moves, 10))) return;

        var moved = _slots.First(slot => silos[most].Equals(slot.Status.Silo));
        moved.Replacement = Slot(FreeNumber(reuse: false, number => ReplicaPlacementDirector.Choose(silos, Key(number)).Equals(silos[least])));
        moved.Moving = true;
        _moves++;
        _movedAt = _settledAt;
        _movedAmong = silos;
        if (!_numbersStored) NumbersUnstored = true;
        host.Log.Moving(moved.Status.Key, moved.Status.Silo);
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
        slot.UnloadFrom = host.Time.GetTimestamp() + (long)((host.Region.LongPoll + host.Region.ReconcileInterval).TotalSeconds * host.Time.TimestampFrequency);
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
            if (host.Drains.DrainOf(key) is not null) continue;
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
    private bool Adopt(DeploymentState state, int desired)
    {
        var wanted = state.NumbersFor(Version, Variant, desired);
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
        var numbers = state.HighWater(Version, Variant);
        if (numbers > 0) numbers += host.Devices.Candidates(Device).Length;
        for (var i = 0; i < numbers; i++)
        {
            var key = Key(i);
            if (!_slots.Exists(slot => slot.Key == key) && !_surplus.Exists(slot => slot.Key == key)) _surplus.Add(Slot(i));
        }

        return !before.SequenceEqual(wanted);
    }
}
