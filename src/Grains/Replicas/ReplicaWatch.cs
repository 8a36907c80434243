using System.Collections.Frozen;
using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Settings;
using Meridian.Grains.Silos;
using Meridian.Intents.Supervision;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Replicas;

/// <summary>
/// Follows the replica tables of the region's models for the routers of a silo and for the region's status. Each process has one long poll per model of the catalogue; the
/// polls begin and end with the changes of the catalogue. They also start the deployments, and restart them after their silo was lost.
/// </summary>
/// <remarks>
/// Failure: a deployment may not answer, for example because its silo just died. The routers then keep the last table; failed calls show them which
/// replicas are gone. Other regions route by the status. It stops reporting ready replicas after <see cref="RegionOptions.StaleAfter"/>.
/// </remarks>
public sealed partial class ReplicaWatch : IAsyncDisposable
{
    private readonly IGrainFactory _grains;
    private readonly RegionOptions _region;
    private readonly ReplicaLeases _leases;
    private readonly SiloLiveness _liveness;
    private readonly DrainWatch _drains;
    private readonly LoopSupervisor _supervisor;
    private readonly TimeProvider _time;
    private readonly ILogger<ReplicaWatch> _logger;
    private readonly RegionModels _catalogue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly long _incarnation;
    private Task? _loops;
    private volatile bool _started;
    private volatile FrozenDictionary<string, Model> _models = FrozenDictionary<string, Model>.Empty;
    private volatile Model[] _inOrder = [];
    private volatile RegionStatus _status;

    public ReplicaWatch(
        IGrainFactory grains,
        IOptions<RegionOptions> region,
        RegionModels catalogue,
        ReplicaLeases leases,
        SiloLiveness liveness,
        DrainWatch drains,
        ProcessIncarnation incarnation,
        LoopSupervisor supervisor,
        TimeProvider time,
        ILogger<ReplicaWatch> logger)
    {
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(incarnation);
        ArgumentNullException.ThrowIfNull(drains);
        _grains = grains;
        _region = region.Value;
        _leases = leases;
        _liveness = liveness;
        _drains = drains;
        _supervisor = supervisor;
        _time = time;
        _logger = logger;
        _incarnation = incarnation.UnixMs;
        _catalogue = catalogue;
        Take(catalogue.Current);
        _status = Summary();

        // Publish a change of the drains at once. The next heartbeat must not wait for the next table.
        drains.Changed += Publish;
    }

    /// <value>The newest readiness and load of the region's models. Reading it is cheap.</value>
    public RegionStatus Status => _status;

    /// <summary>The replicas of a model as this process knows them now.</summary>
    internal ReplicaSet Of(string model) => _models.TryGetValue(model, out var followed) ? followed.Replicas : ReplicaSet.Empty;

    internal Func<ReplicaSet> Follow(string model) => () => Of(model);

    /// <summary>Finds a ready replica by its shard's key. Null if the newest table has no such ready replica.</summary>
    internal ReplicaTarget? Find(string model, string shard)
    {
        foreach (var target in Of(model).Ready)
        {
            if (string.Equals(target.Key, shard, StringComparison.Ordinal)) return target;
        }

        return null;
    }

    /// <value>
    /// Whether the silo has started. Before that, Orleans fails grain calls with arbitrary exceptions, for example a null reference to its membership
    /// table.
    /// </value>
    public bool HasStarted => _started;

    /// <value>Whether the silo has begun to stop.</value>
    public bool HasStopped => _stop.IsCancellationRequested;

    /// <summary>Starts the loops. Further calls start nothing.</summary>
    public void Start()
    {
        _started = true;
        lock (_lock)
        {
            if (_loops is not null) return;
            foreach (var model in _inOrder) Start(model);
            _loops = Task.Run(() => _supervisor.RunAsync("models of the region", FollowCatalogueAsync, _stop.Token));
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task[] loops;
        lock (_lock) loops = _loops is null ? [] : [_loops, .. _inOrder.Select(static m => m.Loop)];
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task FollowCatalogueAsync(CancellationToken stop)
    {
        var catalogue = _catalogue.Current;
        while (!stop.IsCancellationRequested)
        {
            lock (_lock)
            {
                Take(catalogue);
                foreach (var model in _inOrder) Start(model);
            }

            Publish();
            catalogue = await _catalogue.WaitForChangeAsync(catalogue, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the list of models that of the catalogue. Models that stay keep their tables; the loops of the others end.</summary>
    private void Take(Catalogue catalogue)
    {
        var known = _models;
        Model[] next = [.. catalogue.Models.Select(m => known.TryGetValue(m.Name, out var model) ? model : new Model(m.Name))];
        for (var i = 0; i < next.Length; i++) next[i].Wanted = catalogue.Models[i];
        _models = next.ToFrozenDictionary(static m => m.Name, StringComparer.Ordinal);
        _inOrder = next;
        foreach (var (name, model) in known)
        {
            if (!_models.ContainsKey(name)) model.Removed.Cancel();
        }
    }

    private void Start(Model model)
    {
        if (!model.Loop.IsCompleted || model.Started) return;
        model.Started = true;
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, model.Removed.Token);
        model.Loop = Task.Run(async () =>
        {
            using (stop) await _supervisor.RunAsync($"replicas of {model.Name}", token => FollowAsync(model, token), stop.Token).ConfigureAwait(false);
        });
    }

    private async Task FollowAsync(Model model, CancellationToken stop)
    {
        var known = 0L;
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // This is inside the try because a client that is still connecting cannot create grain references.
                var deployment = _grains.GetGrain<IModelDeployment>(model.Name);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
                patience.CancelAfter(_region.LongPoll + _region.ShardTimeout);
                var table = await deployment.Replicas(known, patience.Token).ConfigureAwait(false);
                if (failures > 0) LogTableBack(model.Name, failures);
                failures = 0;
                known = table.Revision;
                model.Replicas = SetOf(table);
                model.SeenAt = _time.GetTimestamp();
                Publish();
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (failures++ == 0) LogNoTable(e, model.Name);
                model.Problem = e.Message;
                Publish();
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(50 << Math.Min(failures, 4), 500)), _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private ReplicaSet SetOf(ReplicaTable table)
    {
        var ready = new List<ReplicaTarget>(table.Replicas.Length);
        foreach (var replica in table.Replicas)
        {
            if (replica.State != ShardState.Ready) continue;
            var key = ShardKey.Parse(replica.Key);
            ready.Add(new ReplicaTarget(
                replica.Key,
                _grains.GetGrain<IModelShard>(replica.Key),
                _leases.Of(replica.Key),
                replica.InFlight + replica.Queued,
                replica.Silo is { } silo ? _liveness.Watch(silo) : null,
                key.Version,
                key.Variant));
        }

        return new ReplicaSet(table, [.. ready]);
    }

    private void Publish()
    {
        // Two models may publish at the same time. Without the lock an older summary could overwrite a newer one.
        lock (_lock) _status = Summary();
    }

    private RegionStatus Summary()
    {
        var models = new List<ModelStatus>();
        foreach (var model in _inOrder) models.AddRange(Summary(model));
        return new RegionStatus { Region = _region.Name, Incarnation = _incarnation, Models = [.. models], Draining = _drains.IsRegionDraining };
    }

    private ModelStatus[] Summary(Model model)
    {
        if (model.Replicas.Table is not { } table)
        {
            var wanted = model.Wanted!.Deployment;
            return
            [
                .. wanted.Targets.Select(target => new ModelStatus
                {
                    Model = model.Name,
                    Version = target.Version ?? "",
                    Variant = target.Variant ?? "",
                    DesiredReplicas = wanted.Replicas ?? 1,
                    Problem = model.Problem,
                }),
            ];
        }

        var stale = _time.GetElapsedTime(model.SeenAt) > _region.StaleAfter;
        return ReplicaSummary.Of(table, stale ? $"The deployment of '{table.Model}' has not answered for {_region.StaleAfter.TotalSeconds:0.#} s: {model.Problem}" : null);
    }

    private sealed class Model(string name)
    {
        private ReplicaSet _replicas = ReplicaSet.Empty;

        public string Name { get; } = name;

        public CatalogueModel? Wanted { get; set; }

        public ReplicaSet Replicas
        {
            get => Volatile.Read(ref _replicas);
            set => Volatile.Write(ref _replicas, value);
        }

        public long SeenAt { get; set; }

        public string? Problem { get; set; }

        /// <value>Cancelled when the catalogue no longer has the model. It has no timer, so there is nothing to dispose.</value>
        public CancellationTokenSource Removed { get; } = new();

        public Task Loop { get; set; } = Task.CompletedTask;

        public bool Started { get; set; }
    }
}
