using System.Diagnostics.CodeAnalysis;
using Meridian.Errors;
using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Placement;
using Meridian.Grains.Settings;
using Meridian.Grains.Silos;
using Meridian.Grains.Storage;
using Meridian.Inference.Packages;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Providers;
using Orleans.Storage;

namespace Meridian.Grains.Deployments;

/// <summary>
/// Keeps the wanted number of replicas of one model loaded, and tells the routers which replicas are ready.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Start: the deployment serves at once with the region's default number of replicas and reads its record in the background. Until the record
/// is known, nothing is unloaded and <see cref="Scale"/> refuses. A store that is down stops changes, but never service.</item>
/// <item>Change: the deployment writes the record, acknowledges the change, then applies it. Orleans allows two activations while a silo dies. The
/// store's etag lets only one of them win. The other reads the record again and answers from it, so an operation id has one outcome.</item>
/// <item>A write that fails in any other way may still have happened. The record then counts as unknown and is read again before the next
/// change.</item>
/// <item>A shard that does not answer (its silo died or hangs) counts as unloaded. The deployment asks it to load again at every interval. Orleans
/// activates it on another silo once its silo is declared dead.</item>
/// <item>A silo that joins later gets its share of the replicas, one replica at a time and only while all replicas are ready. A single replica stays
/// where it is. A replica moves by a replacement, as it does when its silo is drained (<c>ModelDeployment.Moving.cs</c>).</item>
/// <item>A new activation does not know which shards run; all of them may be serving. It asks every shard once before it answers a router that holds
/// the previous activation's table.</item>
/// <item>The first revision comes from the clock. A router therefore never confuses a new activation's table with the table that it already
/// has.</item>
/// </list>
/// </remarks>
[KeepAlive]
[SuppressMessage("Design", "CA1001", Justification = "Questions that end after the deactivation still look at _ended; the source has no timer, so there is nothing to dispose.")]
public sealed partial class ModelDeployment : Grain, IModelDeployment
{
    private const string StateName = "deployment";
    private const int MaxWriteTries = 4;

    private static readonly DeploymentState Unscaled = new();

    private readonly RegionOptions _region;
    private readonly RegionModels _models;
    private readonly ModelOptions? _model;
    private readonly IModelStore _store;
    private readonly SiloDevices _devices;
    private readonly SiloLiveness _liveness;
    private readonly DrainWatch _drains;
    private readonly IHostApplicationLifetime _host;
    private readonly IGrainStorage _storage;
    private readonly IStoreHealth _health;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelDeployment> _logger;
    private readonly string _name;
    private readonly List<ReplicaSlot> _slots = [];
    private readonly List<ReplicaSlot> _surplus = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _surveyed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _firstRevision;

    private GrainState<DeploymentState> _record = new(new DeploymentState());
    private bool _recordKnown;
    private Task? _reading;
    private bool _swept;
    private bool _openingPackage;
    private ModelManifest? _manifest;
    private string? _packageProblem;
    private string? _storeProblem;
    private long _nextPackageTry;
    private long _revision;
    private long _settledAt;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ModelDeployment(
        IGrainContext context,
        IOptions<RegionOptions> region,
        RegionModels models,
        IModelStore store,
        SiloDevices devices,
        SiloLiveness liveness,
        DrainWatch drains,
        IHostApplicationLifetime host,
        [FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage,
        IStoreHealth health,
        TimeProvider time,
        ILogger<ModelDeployment> logger)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(time);
        _name = context.GrainId.Key.ToString() ?? "";
        _region = region.Value;
        _models = models;
        _model = models.Find(_name);
        _store = store;
        _devices = devices;
        _liveness = liveness;
        _drains = drains;
        _host = host;
        _storage = storage;
        _health = health;
        _time = time;
        _logger = logger;
        _revision = _firstRevision = time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    /// <summary>
    /// Whether this activation or its silo is stopping. A stopping silo refuses its own calls first. Those failures say nothing about the shards and
    /// must not reach the routers of silos that keep running.
    /// </summary>
    private bool IsEnding => _ended.IsCancellationRequested || _host.ApplicationStopping.IsCancellationRequested;

    private DeploymentState State => _record.State ?? Unscaled;

    private int Desired => State.Replicas ?? _model!.Replicas;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (_model is null) return;

        // The read usually takes a few ms. Replicas must not wait for a slow or dead store: after ReconcileInterval the default number of replicas
        // starts. The record is applied when it arrives.
        await ReadRecordAsync().WaitAsync(_region.ReconcileInterval, _time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Reconcile();
        this.RegisterGrainTimer(
            static (deployment, _) =>
            {
                deployment.Reconcile();
                return Task.CompletedTask;
            },
            this,
            new GrainTimerCreationOptions(_region.ReconcileInterval, _region.ReconcileInterval) { Interleave = true, KeepAlive = true });
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Wake the long polls. Their callers then ask the next activation.
        _changed.TrySetResult();
        _surveyed.TrySetResult();
        return _ended.CancelAsync();
    }

    public async Task<ReplicaTable> Replicas(long knownRevision, CancellationToken cancellationToken = default)
    {
        RefuseUnknownModel();
        if (knownRevision != 0 && (knownRevision < _firstRevision || knownRevision > _revision) && !_surveyed.Task.IsCompleted)
        {
            await _surveyed.Task.WaitAsync(_region.ShardTimeout, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
            if (_manifest is null) throw PackageRefusal();
        }
        else if (_revision == knownRevision)
        {
            await _changed.Task.WaitAsync(_region.LongPoll, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return Table();
    }

    public Task<ScaleRecord[]> History()
    {
        RefuseUnknownModel();
        if (!_recordKnown) throw StoreRefusal();
        return Task.FromResult(State.History);
    }

    public async Task<ScaleRecord> Scale(ScaleChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        RefuseUnknownModel();
        ArgumentOutOfRangeException.ThrowIfNegative(change.Replicas);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(change.Replicas, ScaleChange.MaxReplicas);
        ArgumentException.ThrowIfNullOrWhiteSpace(change.OperationId);

        for (var attempt = 1; ; attempt++)
        {
            if (!_recordKnown) await ReadRecordAsync();
            if (!_recordKnown) throw StoreRefusal();
            if (State.Find(change.OperationId) is { } first) return first;

            // Change a copy, so that a failed write leaves the acknowledged state untouched.
            var next = new GrainState<DeploymentState>(State.With(change, _time.GetUtcNow()), _record.ETag) { RecordExists = _record.RecordExists };
            try
            {
                using var patience = new CancellationTokenSource(_region.StoreTimeout, _time);
                await _storage.WriteStateAsync(StateName, this.GetGrainId(), next, patience.Token).WaitAsync(patience.Token);
            }
            catch (InconsistentStateException e) when (attempt < MaxWriteTries)
            {
                LogWriteConflict(e, _name, change.OperationId);
                _recordKnown = false;
                continue;
            }
            catch (Exception e)
            {
                LogWriteFailed(e, _name, change.OperationId);
                _recordKnown = false;
                var reason = StoreFailure.Reason(e, _health, _region.StoreTimeout);
                _storeProblem = $"The region's store did not take a change: {reason}.";
                throw NotReady($"Operation '{change.OperationId}' on '{_name}' is not acknowledged: the region's store did not take it ({reason}). Repeat it with the same id.");
            }

            _record = next;
            _storeProblem = null;
            var record = next.State!.History[^1];
            LogScaled(_name, record.Replicas, record.By, record.Reason, record.Sequence);
            Reconcile();
            return record;
        }
    }

    private Task ReadRecordAsync()
    {
        // Only one read at a time. A change that finds a read in progress waits for that read.
        if (_reading is null or { IsCompleted: true }) _reading = ReadRecordOnceAsync();
        return _reading;
    }

    private async Task ReadRecordOnceAsync()
    {
        try
        {
            var record = new GrainState<DeploymentState>(new DeploymentState());
            using var patience = new CancellationTokenSource(_region.StoreTimeout, _time);
            await _storage.ReadStateAsync(StateName, this.GetGrainId(), record, patience.Token).WaitAsync(patience.Token);
            _record = record;
            _recordKnown = true;
            if (_storeProblem is not null) LogStoreBack(_name, Desired);
            _storeProblem = null;
        }
        catch (Exception e)
        {
            var problem = $"The region's store cannot be read ({StoreFailure.Reason(e, _health, _region.StoreTimeout)}); serving on the replicas known, changes are refused.";
            if (_storeProblem is null) LogStoreLost(e, _name, Desired);
            _storeProblem = problem;
        }
    }

    /// <summary>Starts all missing work and waits for none of it.</summary>
    private void Reconcile()
    {
        if (IsEnding) return;
        if (!_recordKnown) ReadRecordAsync().Ignore();
        if (_manifest is null)
        {
            if (!_openingPackage && _time.GetTimestamp() >= _nextPackageTry) OpenPackageAsync().Ignore();
            return;
        }

        var changed = false;
        if (_recordKnown && !_swept)
        {
            _swept = true;
            changed = Adopt();
        }

        while (_slots.Count < Desired)
        {
            _slots.Add(Slot(FreeNumber(reuse: true)));
            changed = true;
        }

        while (_recordKnown && _slots.Count > Desired)
        {
            // Remove a replica first that has to leave anyway.
            var index = _slots.FindLastIndex(slot => Leaving(slot) is not null);
            Remove(index < 0 ? _slots.Count - 1 : index);
            changed = true;
        }

        if (changed) SetChanged();
        Replace();
        KeepNumbers();
        if (_slots.Count == 0) _surveyed.TrySetResult();
        foreach (var slot in _slots)
        {
            if (!slot.Asking) AskAsync(slot).Ignore();
            if (slot.Replacement is { Asking: false } replacement) AskAsync(replacement).Ignore();
        }

        foreach (var slot in _surplus)
        {
            if (!slot.Asking && _time.GetTimestamp() >= slot.UnloadFrom) UnloadAsync(slot).Ignore();
        }

        Rebalance();
    }

    private async Task OpenPackageAsync()
    {
        _openingPackage = true;
        try
        {
            var stop = _ended.Token;
            var package = await Task.Run(() => _store.Open(_name, _model!.Version, _model.Variant), stop);
            _manifest = package.Manifest;
            _packageProblem = null;
            SetChanged();
            Reconcile();
        }
        catch (Exception e) when (!_ended.IsCancellationRequested)
        {
            if (_packageProblem is null) LogNoPackage(e, _name);
            _packageProblem = e.Message;
            _nextPackageTry = _time.GetTimestamp() + (long)(_region.LoadBackoff.TotalSeconds * _time.TimestampFrequency);
        }
        finally
        {
            _openingPackage = false;
        }
    }

    private async Task AskAsync(ReplicaSlot slot)
    {
        slot.Asking = true;
        var lost = slot.Status.Silo is { } silo ? _liveness.Watch(silo)?.Token ?? default : default;
        ShardStatus status;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token, lost);
            patience.CancelAfter(_region.ShardTimeout);
            status = await slot.Shard.Load(patience.Token);
        }
        catch (Exception) when (IsEnding)
        {
            return;
        }
        catch (Exception e)
        {
            if (slot.Status.State == ShardState.Ready) LogReplicaLost(e, slot.Status.Key);
            var problem = _model!.Device is { } device && _devices.Lacks(device)
                ? $"No silo of region '{_region.Name}' has the device '{device}' that model '{_name}' wants. Start a silo with it, or change the model's device."
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
        var changed = (status.State == ShardState.Ready) != (slot.Status.State == ShardState.Ready) || !Equals(status.Silo, slot.Status.Silo);
        slot.Status = status;
        slot.Asked = true;
        if (changed) SetChanged();
        if (_slots.TrueForAll(static s => s.Asked)) _surveyed.TrySetResult();
    }

    private async Task UnloadAsync(ReplicaSlot slot)
    {
        slot.Asking = true;
        try
        {
            await slot.Shard.Unload(_ended.Token);
        }
        catch (Exception e)
        {
            // The shard died with its silo or is still draining. A shard in no table gets no requests and unloads by itself.
            LogUnloadFailed(e, slot.Status.Key);
        }
        finally
        {
            slot.Asking = false;
            _surplus.Remove(slot);
        }
    }

    private ShardKey Key(int replica) => new(_name, _manifest!.Version, _manifest.Variant, replica, 0);

    private ReplicaSlot Slot(int replica)
    {
        var shard = Key(replica);
        var key = shard.ToString();
        return new ReplicaSlot(GrainFactory.GetGrain<IModelShard>(key), shard, new ShardStatus { Key = key, State = ShardState.Unloaded });
    }

    private void SetChanged()
    {
        _revision++;
        _settledAt = _time.GetTimestamp();
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    private ReplicaTable Table()
    {
        var replicas = new ShardStatus[_slots.Count];
        for (var i = 0; i < replicas.Length; i++) replicas[i] = _slots[i].Status;
        return new ReplicaTable
        {
            Model = _name,
            Version = _manifest?.Version ?? _model!.Version ?? "",
            Variant = _manifest?.Variant ?? _model!.Variant ?? "",
            Revision = _revision,
            DesiredReplicas = Desired,
            Replicas = replicas,
            Problem = _packageProblem ?? _health.Problem ?? _storeProblem ?? _drainProblem,
        };
    }

    private void RefuseUnknownModel()
    {
        if (_model is not null) return;
        DeactivateOnIdle();
        throw new MeridianException(_models.NotFound(_name));
    }

    private MeridianException PackageRefusal() => NotReady($"The replicas of '{_name}' are not known: {_packageProblem ?? "its package is being opened."}");

    private MeridianException StoreRefusal() => NotReady($"The record of '{_name}' is not known: {_storeProblem ?? "it is being read."} Repeat with the same operation id.");

    private static MeridianException NotReady(string message) => new(new Refusal { Code = RefusalCode.NotReady, Message = message, RetryAfterMs = 1000 });
}
