using Meridian.Grains.Settings;
using Meridian.Grains.Shards.Activity;
using Meridian.Intents.Supervision;
using Meridian.Timing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Draining.Watch;

/// <summary>
/// Follows the drains of the region for this process, and hands over drained streams at the deadline.
/// </summary>
/// <remarks>
/// Normal course: the watch keeps one call to the region's <see cref="IRegionDrain"/> open, about one call a second while nothing is drained. The
/// same call reports the work of this process's silo. Once the deadline of a drain has passed, the watch ends the drained streams of this silo, once
/// per drain. Edges then reopen them elsewhere.
/// Failure: if the grain cannot be asked, for example because its silo just died, the watch keeps the drains that it knew.
/// </remarks>
public sealed partial class DrainWatch : IAsyncDisposable
{
    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1));

    private readonly IGrainFactory _grains;
    private readonly RegionOptions _region;
    private readonly SiloShards _shards;
    private readonly LoopSupervisor _supervisor;
    private readonly SiloAddress? _silo;
    private readonly string? _siloName;
    private readonly TimeProvider _time;
    private readonly ILogger<DrainWatch> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<long> _handedOver = [];
    private readonly Lock _lock = new();
    private Task? _loop;
    private volatile DrainOverview _current = DrainOverview.None;
    private volatile bool _departing;

    /// <param name="silo">The silo of this process. Null if the process is an Orleans client.</param>
    public DrainWatch(IGrainFactory grains, IOptions<RegionOptions> region, SiloShards shards, LoopSupervisor supervisor, TimeProvider time, ILogger<DrainWatch> logger, ILocalSiloDetails? silo = null)
    {
        ArgumentNullException.ThrowIfNull(region);
        _grains = grains;
        _region = region.Value;
        _shards = shards;
        _supervisor = supervisor;
        _silo = silo?.SiloAddress;
        _siloName = _silo?.ToParsableString();
        _time = time;
        _logger = logger;
    }

    /// <value>The newest known drains.</value>
    public DrainOverview Current => _current;

    /// <value>Whether the region accepts no new requests.</value>
    public bool IsRegionDraining => _departing || _current.Region is not null;

    /// <summary>Raised when <see cref="IsRegionDraining"/> may have changed.</summary>
    internal event Action? Changed;

    /// <summary>Starts the loop. Further calls do nothing.</summary>
    public void Start()
    {
        lock (_lock) _loop ??= Task.Run(() => _supervisor.RunAsync("drains followed", FollowAsync, _stop.Token));
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task? loop;
        lock (_lock) loop = _loop;
        if (loop is not null) await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Makes this process's heartbeats say that the region accepts no new requests. Works even if no grain can be reached.</summary>
    public void Depart()
    {
        _departing = true;
        Changed?.Invoke();
    }

    /// <summary>Whether a silo is being drained. Such a silo gets no new replica.</summary>
    internal bool IsLeaving(SiloAddress silo) => DrainOf(silo) is not null;

    internal DrainReport? DrainOf(SiloAddress silo)
    {
        var drains = _current.Drains;
        if (drains.Length == 0) return null;
        var name = silo.ToParsableString();
        return Array.Find(drains, drain => drain.Target.Scope == DrainScope.Silo && drain.Target.Silo == name);
    }

    internal DrainReport? DrainOf(in ShardKey replica)
    {
        foreach (var drain in _current.Drains)
        {
            if (drain.Target.Scope == DrainScope.Replica && drain.Target.Model == replica.Model && drain.Target.Replica == replica.Replica) return drain;
        }

        return null;
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        var failures = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // This is inside the try because a client that is still connecting cannot create grain references.
                var grain = _grains.GetGrain<IRegionDrain>(0);
                var known = _current.Revision;
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
                patience.CancelAfter(_region.ShardTimeout + _region.StoreTimeout);
                var work = _silo is null ? null : new SiloWork { Silo = _silo, Shards = _shards.Count(), KnownRevision = known };
                var overview = await grain.Report(work, known, patience.Token).ConfigureAwait(false);
                failures = 0;
                var region = IsRegionDraining;
                _current = overview;
                if (region != IsRegionDraining) Changed?.Invoke();
                HandOver(overview);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (failures++ == 1) LogNotHeard(e);
                await Task.Delay(Pauses.After(failures), _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void HandOver(DrainOverview overview)
    {
        if (_silo is null) return;
        _handedOver.RemoveWhere(id => !Array.Exists(overview.Drains, drain => drain.Id == id));
        foreach (var drain in overview.Drains)
        {
            if (!drain.Overdue || (drain.Target.Scope == DrainScope.Silo && drain.Target.Silo != _siloName) || !_handedOver.Add(drain.Id)) continue;
            if (drain.Work.Streams > 0) LogHandOver(drain.Work.Streams);
            switch (drain.Target.Scope)
            {
                case DrainScope.Region:
                    _shards.LeaveRegion(_region.Name);
                    break;
                case DrainScope.Silo:
                    _shards.LeaveSilo();
                    break;
                case DrainScope.Replica when drain.Target.Model is { } model:
                    _shards.LeaveReplica(model, drain.Target.Replica);
                    break;
            }
        }
    }
}
