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
/// Keeps the wanted number of replicas of one model loaded, and tells the routers which replicas are ready. The catalogue says which versions and variants, with which
/// engine settings; each of them is a <see cref="ReplicaGroup"/>. <see cref="DeploymentPlan"/> decides when a former version is retired.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Start: the deployment serves at once with the region's default number of replicas and reads its record in the background. Until the record
/// is known, nothing is unloaded and <see cref="Scale"/> refuses. A store that is down stops changes, but never service.</item>
/// <item>Change of the number of replicas: see <see cref="DeploymentRecord"/>.</item>
/// <item>A shard that does not answer (its silo died or hangs) counts as unloaded. The deployment asks it to load again at every interval. Orleans
/// activates it on another silo once its silo is declared dead.</item>
/// <item>A silo that joins later gets its share of the replicas, one replica at a time and only while all replicas are ready. A single replica stays
/// where it is. A replica moves by a replacement, as it does when its silo is drained (<c>ReplicaGroup.Moving.cs</c>).</item>
/// <item>The catalogue changes: a new version loads beside the former one, which serves until the new one is ready. Replicas with former engine settings are replaced one
/// by one. A model that is removed is unloaded.</item>
/// <item>The activation is lost during a change of the version: the record names the versions that have replicas, so the next activation finds the former ones.</item>
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
    private readonly RegionOptions _region;
    private readonly RegionModels _models;
    private readonly IModelStore _store;
    private readonly IHostApplicationLifetime _host;
    private readonly IStoreHealth _health;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelDeployment> _logger;
    private readonly string _name;
    private readonly List<DeploymentTarget> _targets = [];
    private readonly List<ReplicaGroup> _groups = [];
    private readonly ReplicaGroupHost _replicas;
    private readonly DeploymentRecord _record;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _surveyed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _firstRevision;

    private bool _restored;
    private long _revision;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ModelDeployment(
        IGrainContext context,
        IGrainFactory grains,
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
        _store = store;
        _host = host;
        _health = health;
        _time = time;
        _logger = logger;
        _record = new DeploymentRecord(_name, context.GrainId, storage, health, _region.StoreTimeout, time, logger);
        _revision = _firstRevision = time.GetUtcNow().ToUnixTimeMilliseconds();
        _replicas = new ReplicaGroupHost
        {
            Name = _name,
            Grains = grains,
            Region = _region,
            Devices = devices,
            Liveness = liveness,
            Drains = drains,
            Time = time,
            Log = new ReplicaGroupLog(logger),
            Ended = _ended.Token,
            IsEnding = () => IsEnding,
            Changed = SetChanged,
            Asked = Surveyed,
            Model = models.Find(_name),
        };
    }

    /// <summary>
    /// Whether this activation or its silo is stopping. A stopping silo refuses its own calls first. Those failures say nothing about the shards and
    /// must not reach the routers of silos that keep running.
    /// </summary>
    private bool IsEnding => _ended.IsCancellationRequested || _host.ApplicationStopping.IsCancellationRequested;

    private int Desired => _record.State.Replicas ?? _replicas.Model?.Deployment.Replicas ?? 1;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (_replicas.Model is null) return;

        // The read usually takes a few ms. Replicas must not wait for a slow or dead store: after ReconcileInterval the default number of replicas
        // starts. The record is applied when it arrives.
        await _record.ReadAsync().WaitAsync(_region.ReconcileInterval, _time, cancellationToken)
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
            if (_groups.Count == 0) throw PackageRefusal();
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
        if (!_record.IsKnown) throw _record.Unknown();
        return Task.FromResult(_record.State.History);
    }

    public async Task<ScaleRecord> Scale(ScaleChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        RefuseUnknownModel();
        ArgumentOutOfRangeException.ThrowIfNegative(change.Replicas);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(change.Replicas, ScaleChange.MaxReplicas);
        ArgumentException.ThrowIfNullOrWhiteSpace(change.OperationId);
        var (record, isNew) = await _record.ScaleAsync(change);
        if (isNew) Reconcile();
        return record;
    }

    /// <summary>Starts all missing work and waits for none of it.</summary>
    private void Reconcile()
    {
        if (IsEnding) return;
        var model = _models.Find(_name);
        if (model is null)
        {
            RemoveAll();
            return;
        }

        _replicas.Model = model;
        if (!_record.IsKnown) _record.ReadAsync().Ignore();
        DeploymentTarget.Follow(_targets, model);
        Restore();
        List<ReplicaGroup> former = [.. _groups.Where(group => !_targets.Exists(target => target.Group == group))];
        var steps = DeploymentPlan.Decide(
            Desired,
            [.. _targets.Select(static target => new WantedVersion(target.Group is { } group ? new ObservedVersion(group.Ready, group.IsSurveyed) : null))],
            [.. former.Select(static group => new ObservedVersion(group.Ready, group.IsSurveyed))]);
        for (var i = 0; i < _targets.Count; i++)
        {
            if (steps[i] == DeploymentStep.Open) Open(_targets[i], model);
            else if (!IsRepeated(i)) _targets[i].Group!.Reconcile(Desired, _record.IsKnown ? _record.State : null);
        }

        for (var i = 0; i < former.Count; i++)
        {
            if (steps[_targets.Count + i] == DeploymentStep.Keep) former[i].Keep();
            else Retire(former[i]);
        }

        UnloadSurplus();
        KeepNumbers();
        Surveyed();
    }

    /// <summary>Whether an earlier target has the same replicas: one names a version, and the other takes the newest, which is the same.</summary>
    private bool IsRepeated(int index) => _targets[index].Group is { } group && _targets.FindIndex(target => target.Group == group) < index;

    /// <summary>
    /// The model is not in the catalogue any more: unloads all replicas, forgets the requested number of replicas, then deactivates. A later model with the same name
    /// begins with the number of its own deployment.
    /// </summary>
    private void RemoveAll()
    {
        if (_targets.Count > 0) LogRemoved(_name);
        _targets.Clear();
        foreach (var group in _groups) group.Retire();
        UnloadSurplus();
        if (!_record.IsKnown) _record.ReadAsync().Ignore();
        _record.Keep(static state => state.Forget());
        if (_groups.Count == 0 && _record is { IsKnown: true, IsKeeping: false } && ReferenceEquals(_record.State.Forget(), _record.State)) DeactivateOnIdle();
    }

    private void Retire(ReplicaGroup group)
    {
        if (group.Slots.Count > 0) LogVersionRetired(_name, group.Version, group.Variant);
        group.Retire();
    }

    private void UnloadSurplus()
    {
        foreach (var group in _groups) group.UnloadSurplus();
        _groups.RemoveAll(group => group.IsGone && !_targets.Exists(target => target.Group == group));
    }

    private void Open(DeploymentTarget target, CatalogueModel model)
    {
        if (!target.Opening && _time.GetTimestamp() >= target.NextTry) OpenAsync(target, model).Ignore();
    }

    private async Task OpenAsync(DeploymentTarget target, CatalogueModel model)
    {
        target.Opening = true;
        try
        {
            var stop = _ended.Token;
            var package = await Task.Run(() => DeploymentPackage.Open(_store, model, target.Version, target.Variant), stop);
            if (!_targets.Contains(target)) return;
            var manifest = package.Manifest;
            target.Problem = null;
            target.Group = _groups.Find(group => group.Version == manifest.Version && group.Variant == manifest.Variant);
            if (target.Group is null)
            {
                target.Group = new ReplicaGroup(_replicas, manifest.Version, manifest.Variant);
                _groups.Add(target.Group);
                LogVersionOpened(_name, manifest.Version, manifest.Variant);
            }

            SetChanged();
            Reconcile();
        }
        catch (Exception e) when (!_ended.IsCancellationRequested)
        {
            if (target.Problem is null) LogNoPackage(e, _name);
            target.Problem = e.Message;
            target.NextTry = _time.GetTimestamp() + (long)(_region.LoadBackoff.TotalSeconds * _time.TimestampFrequency);
        }
        finally
        {
            target.Opening = false;
        }
    }

    /// <summary>Ends the wait of routers that hold the table of an earlier activation, once this activation knows all replicas.</summary>
    private void Surveyed()
    {
        var restored = _restored || _record.Problem is not null;
        if (restored && _targets.Count > 0 && _targets.TrueForAll(static target => target.Group?.IsSurveyed == true) && _groups.TrueForAll(static group => group.IsSurveyed))
            _surveyed.TrySetResult();
    }

    /// <summary>
    /// Writes the numbers of all replicas, if the next activation could not find the replicas without them: a number is not the usual one, a replacement is being loaded,
    /// or former versions still serve.
    /// </summary>
    private void KeepNumbers()
    {
        if (!_restored) return;
        List<ReplicaGroup> groups = [.. _targets.Select(static target => target.Group).OfType<ReplicaGroup>().Union(_groups)];
        if (groups.Count == 0) return;
        _record.Keep(state =>
        {
            var needed = groups.Exists(group => group.NumbersUnstored
                || !_targets.Exists(target => target.Group == group)
                || !group.Numbers.SequenceEqual(state.NumbersFor(group.Version, group.Variant, group.Numbers.Length)));
            var stale = state.Versions.Any(name => !groups.Exists(group => (group.Version, group.Variant) == name));
            return needed || stale ? state.WithNumbers(groups.ConvertAll(static group => (group.Version, group.Variant, group.Numbers))) : state;
        });
    }

    /// <summary>
    /// Finds the versions that an earlier activation served and that this one is not to serve: the activation was lost during a change of the version. Their replicas
    /// may be the only ones that are ready.
    /// </summary>
    private void Restore()
    {
        if (_restored || !_record.IsKnown) return;
        _restored = true;
        foreach (var (version, variant) in _record.State.Versions)
        {
            if (_groups.Exists(group => group.Version == version && group.Variant == variant)) continue;
            var group = new ReplicaGroup(_replicas, version, variant);
            group.Restore(_record.State);
            _groups.Add(group);
        }
    }

    private void SetChanged()
    {
        _revision++;
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    private ReplicaTable Table()
    {
        var first = _targets.Count > 0 ? _targets[0] : null;
        var common = _health.Problem ?? _record.Problem;
        List<DeploymentTarget> targets = [.. _targets.Where((_, i) => !IsRepeated(i))];
        List<ReplicaGroup> former = [.. _groups.Where(group => group.Slots.Count > 0 && !_targets.Exists(target => target.Group == group))];
        List<ReplicaGroup> all = [.. _targets.Select(static target => target.Group).OfType<ReplicaGroup>().Distinct(), .. former];
        return new ReplicaTable
        {
            Model = _name,
            Version = first?.Group?.Version ?? first?.Version ?? "",
            Variant = first?.Group?.Variant ?? first?.Variant ?? "",
            Revision = _revision,
            DesiredReplicas = Desired * targets.Count,
            Replicas = [.. all.SelectMany(static group => group.Slots).Select(static slot => slot.Status)],
            Problem = _targets.Select(static target => target.Problem).FirstOrDefault(static problem => problem is not null) ?? common
                ?? all.Select(static group => group.Problem).FirstOrDefault(static problem => problem is not null),
            Sets =
            [
                .. targets.Select(target => new ReplicaSetStatus
                {
                    Version = target.Group?.Version ?? target.Version ?? "",
                    Variant = target.Group?.Variant ?? target.Variant ?? "",
                    DesiredReplicas = Desired,
                    Problem = target.Problem ?? common ?? target.Group?.Problem,
                }),
                .. former.Select(group => new ReplicaSetStatus { Version = group.Version, Variant = group.Variant, Problem = common ?? group.Problem }),
            ],
        };
    }

    private void RefuseUnknownModel()
    {
        if (_models.Find(_name) is not null && _replicas.Model is not null) return;

        // An activation from before the model was added has no timer, so it makes room for another one. One that had the model ends by itself.
        if (_replicas.Model is null) DeactivateOnIdle();
        throw new MeridianException(_models.Find(_name) is null ? _models.NotFound(_name) : NotReady($"Model '{_name}' has just been added.").Refusal);
    }

    private MeridianException PackageRefusal() => NotReady($"The replicas of '{_name}' are not known: {_targets.Find(static target => target.Problem is not null)?.Problem ?? "its package is being opened."}");

    private static MeridianException NotReady(string message) => new(new Refusal { Code = RefusalCode.NotReady, Message = message, RetryAfterMs = 1000 });
}
