using Meridian.Grains.Shards;

namespace Meridian.Grains.Deployments;

/// <summary>
/// The replicas of one version and variant of a model, from the view of the model's deployment: keeps the desired number loaded, replaces those that have to leave, and
/// unloads those that are not needed. Only the deployment's scheduler may use it. No method waits; the answers of the shards change the state later.
/// </summary>
internal sealed partial class ReplicaGroup(ReplicaGroupHost host, string version, string variant)
{
    private readonly List<ReplicaSlot> _slots = [];
    private readonly List<ReplicaSlot> _surplus = [];
    private long _settledAt = host.Time.GetTimestamp();
    private bool _adopted;
    private bool _numbersStored;

    public string Version { get; } = version;

    public string Variant { get; } = variant;

    /// <value>The replicas in the order of the table.</value>
    public IReadOnlyList<ReplicaSlot> Slots => _slots;

    /// <value>What keeps a replica from leaving, or null.</value>
    public string? Problem => _drainProblem;

    /// <value>Number of ready replicas.</value>
    public int Ready => _slots.Count(static slot => slot.Status.State == ShardState.Ready);

    /// <value>Whether nothing of the group is left: no replica serves and none is being unloaded.</value>
    public bool IsGone => _slots.Count == 0 && _surplus.Count == 0;

    /// <value>Whether every shard has been asked at least once.</value>
    public bool IsSurveyed => _slots.TrueForAll(static slot => slot.Asked);

    /// <value>The numbers of the replicas, in the order of the table.</value>
    public int[] Numbers => [.. _slots.Select(static slot => slot.Key.Replica)];

    /// <value>Whether the store must learn the numbers even if they are the usual ones: it has none yet, and a replacement is being loaded.</value>
    public bool NumbersUnstored { get; private set; }

    private string? Device => host.Model?.Engine.Device;

    /// <summary>Starts all missing work.</summary>
    /// <param name="desired">Number of replicas.</param>
    /// <param name="state">The deployment's record, or null while it is unknown. Then nothing is unloaded.</param>
    public void Reconcile(int desired, DeploymentState? state)
    {
        var changed = false;
        _numbersStored = state?.NumbersOf(Version, Variant) is not null;
        if (_numbersStored) NumbersUnstored = false;
        if (state is not null && !_adopted)
        {
            _adopted = true;
            changed = Adopt(state, desired);
        }

        while (_slots.Count < desired)
        {
            _slots.Add(Slot(FreeNumber(reuse: true)));
            changed = true;
        }

        while (state is not null && _slots.Count > desired)
        {
            // Remove a replica first that has to leave anyway.
            var index = _slots.FindLastIndex(slot => Leaving(slot) is not null);
            Remove(index < 0 ? _slots.Count - 1 : index);
            changed = true;
        }

        foreach (var slot in _slots) slot.Probed = false;
        if (changed) Change();
        Replace();
        Ask();
        Rebalance();
    }

    /// <summary>Finds the replicas that an earlier activation had, by its record.</summary>
    public void Restore(DeploymentState state)
    {
        _adopted = true;
        Adopt(state, state.NumbersOf(Version, Variant)?.Length ?? 0);
        foreach (var slot in _slots) slot.Probed = true;
        Change();
    }

    /// <summary>Keeps the replicas of a former version as they are.</summary>
    public void Keep()
    {
        Replace();
        Ask();
    }

    /// <summary>Takes all replicas out of the table and unloads them.</summary>
    public void Retire()
    {
        if (_slots.Count == 0) return;
        while (_slots.Count > 0) Remove(_slots.Count - 1);
        Change();
    }

    /// <summary>Unloads the replicas that the routers no longer use.</summary>
    public void UnloadSurplus()
    {
        foreach (var slot in _surplus.ToArray())
        {
            if (!slot.Asking && host.Time.GetTimestamp() >= slot.UnloadFrom) UnloadAsync(slot).Ignore();
        }
    }

    private void Ask()
    {
        foreach (var slot in _slots)
        {
            if (!slot.Asking) AskAsync(slot).Ignore();
            if (slot.Replacement is { Asking: false } replacement) AskAsync(replacement).Ignore();
        }
    }

    private async Task AskAsync(ReplicaSlot slot)
    {
        slot.Asking = true;
        var lost = slot.Status.Silo is { } silo ? host.Liveness.Watch(silo)?.Token ?? default : default;
        ShardStatus status;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(host.Ended, lost);
            patience.CancelAfter(host.Region.ShardTimeout);
            if (host.Model is { } model) WantedSettings.Send(model.Digest);
            status = slot.Probed ? await slot.Shard.Status(patience.Token) : await slot.Shard.Load(patience.Token);
        }
        catch (Exception) when (host.IsEnding())
        {
            return;
        }
        catch (Exception e)
        {
            if (slot.Status.State == ShardState.Ready) host.Log.ReplicaLost(e, slot.Status.Key);
            var problem = Device is { } device && host.Devices.Lacks(device)
                ? $"No silo of region '{host.Region.Name}' has the device '{device}' that model '{host.Name}' wants. Start a silo with it, or change the model's device."
                : null;
            status = new ShardStatus { Key = slot.Status.Key, State = ShardState.Unloaded, Problem = problem };
        }
        finally
        {
            slot.Asking = false;
        }

        if (_slots.Exists(other => other.Replacement == slot))
        {
            slot.Status = status;
            if (status.State is ShardState.Ready or ShardState.Failed) Replace();
            return;
        }

        if (!_slots.Contains(slot)) return;
        if (slot.Probed)
        {
            slot.Probed = false;
            if (status.State is not (ShardState.Ready or ShardState.Loading))
            {
                _slots.Remove(slot);
                Change();
                host.Asked();
                return;
            }
        }

        var changed = (status.State == ShardState.Ready) != (slot.Status.State == ShardState.Ready) || !Equals(status.Silo, slot.Status.Silo);
        slot.Status = status;
        slot.Asked = true;
        if (changed) Change();
        host.Asked();
    }

    private async Task UnloadAsync(ReplicaSlot slot)
    {
        slot.Asking = true;
        try
        {
            await slot.Shard.Unload(host.Ended);
        }
        catch (Exception e)
        {
            // The shard died with its silo or is still draining. A shard that no deployment asks gets no requests and unloads by itself.
            host.Log.UnloadFailed(e, slot.Status.Key);
        }
        finally
        {
            slot.Asking = false;
            _surplus.Remove(slot);
        }
    }

    private ShardKey Key(int replica) => new(host.Name, Version, Variant, replica, 0);

    private ReplicaSlot Slot(int replica)
    {
        var shard = Key(replica);
        var key = shard.ToString();
        return new ReplicaSlot(host.Grains.GetGrain<IModelShard>(key), shard, new ShardStatus { Key = key, State = ShardState.Unloaded });
    }

    private void Change()
    {
        _settledAt = host.Time.GetTimestamp();
        host.Changed();
    }
}
