using Meridian.Errors;
using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Placement;
using Meridian.Grains.Settings;
using Meridian.Grains.Storage;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Providers;
using Orleans.Storage;

namespace Meridian.Grains.Draining;

/// <summary>
/// Keeps the list of drains, collects the work reports of the silos, and tells every process of the region about the drains.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Normal course: every process has a long poll open here. The answer to it reports the begin or end of a drain at once. A process that cannot
/// ask keeps the drains that it knew.</item>
/// <item>Every drain is written to the store, so that it survives the silo of this grain. A failed write does not stop a drain; otherwise a region
/// with a broken store could not be drained. Exception: a sticky drain promises to outlive the region. It is refused if the write fails.</item>
/// <item>The region counts as restarted when none of the silos that were active at the drain's begin is left. The silos may leave together or one
/// after another. A restart ends every drain of a region or a replica that is not sticky.</item>
/// <item>The drain of a silo ends when the silo is no longer a member.</item>
/// <item>Empty describes the newest reports of the silos. It is not final: a request that has no other place to go may arrive at any time.</item>
/// <item>A silo counts as heard when it took its work count after it had learned of the drain. A drain is not empty before every silo concerned is
/// heard.</item>
/// </list>
/// </remarks>
[KeepAlive, Reentrant]
public sealed partial class RegionDrain : Grain, IRegionDrain
{
    private const string StateName = "drain";
    private const int MaxWriteTries = 4;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(200);

    private readonly RegionOptions _region;
    private readonly RegionModels _models;
    private readonly SiloDevices _devices;
    private readonly ISiloStatusOracle _silos;
    private readonly IGrainStorage _storage;
    private readonly IStoreHealth _health;
    private readonly TimeProvider _time;
    private readonly ILogger<RegionDrain> _logger;
    private readonly Dictionary<string, SiloWork> _heard = new(StringComparer.Ordinal);

    private GrainState<RegionDrainState> _record = new(new RegionDrainState());
    private DrainRecord[] _drains = [];
    private DrainReport[] _reports = [];
    private bool _known;
    private Task? _reading;
    private Task _writing = Task.CompletedTask;
    private long _revision;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RegionDrain(
        IOptions<RegionOptions> region,
        RegionModels models,
        SiloDevices devices,
        ISiloStatusOracle silos,
        [FromKeyedServices(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME)] IGrainStorage storage,
        IStoreHealth health,
        TimeProvider time,
        ILogger<RegionDrain> logger)
    {
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(time);
        _region = region.Value;
        _models = models;
        _devices = devices;
        _silos = silos;
        _storage = storage;
        _health = health;
        _time = time;
        _logger = logger;

        // The first revision comes from the clock. Revisions and drain ids of this activation are then above those of the previous one.
        _revision = time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    private string[] Active => [.. _silos.GetActiveSilos().Select(static silo => silo.ToParsableString())];

    public async Task<DrainOverview> Begin(DrainOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentOutOfRangeException.ThrowIfNegative(order.DeadlineSeconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order.DeadlineSeconds, DrainOrder.MaxDeadlineSeconds);
        await ReadRecordAsync();
        var target = order.Target.Scope switch
        {
            DrainScope.Region => DrainTarget.Region,
            DrainScope.Silo => SiloOf(order.Target),
            DrainScope.Replica => await ReplicaOfAsync(order.Target),
            _ => throw Invalid($"Scope {order.Target.Scope} is none that this build knows: region, silo and replica are.", "scope"),
        };
        if (order.Sticky && target.Scope != DrainScope.Region)
            throw Invalid("Only a region's drain can be sticky: a silo and a replica that start again are others.", "sticky");

        var drain = new DrainRecord
        {
            Id = ++_revision,
            Scope = target.Scope,
            Silo = target.Silo,
            Model = target.Model,
            Replica = target.Replica,
            Since = _time.GetUtcNow(),
            DeadlineSeconds = order.DeadlineSeconds,
            By = order.By,
            Reason = order.Reason,
            Sticky = order.Sticky,
            Silos = Active,
        };
        await ChangeAsync([.. _drains.Where(other => !other.IsFor(target)), drain], mustKeep: order.Sticky);
        LogBegun(Words(target), order.By, order.Reason, order.DeadlineSeconds);
        return Overview();
    }

    public async Task<DrainOverview> End(DrainTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        await ReadRecordAsync();
        target = target.Scope == DrainScope.Silo ? SiloOf(target, ending: true) : target;
        var found = Array.Find(_drains, drain => drain.IsFor(target));
        if (found is null) return Overview();
        await ChangeAsync([.. _drains.Where(drain => drain != found)], mustKeep: found.Sticky);
        LogEnded(Words(target));
        return Overview();
    }

    public async Task<DrainOverview> Read(CancellationToken cancellationToken = default)
    {
        await ReadRecordAsync();
        return Overview();
    }

    public async Task<DrainOverview> Report(SiloWork? work, long knownRevision, CancellationToken cancellationToken = default)
    {
        await ReadRecordAsync();
        if (work is not null) _heard[work.Silo.ToParsableString()] = work;
        Judge();
        if (knownRevision == _revision)
        {
            await _changed.Task.WaitAsync(Array.Exists(_reports, static report => report.State != DrainState.Empty) ? Busy : Idle, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return Overview();
    }

    private DrainOverview Overview()
    {
        Judge();
        var silos = new List<SiloWork>();
        foreach (var silo in Active)
        {
            if (_heard.TryGetValue(silo, out var work)) silos.Add(work);
        }

        return new DrainOverview { Revision = _revision, Drains = _reports, Silos = [.. silos] };
    }

    private void Judge()
    {
        var active = Active;
        foreach (var silo in _heard.Keys.Except(active).ToArray()) _heard.Remove(silo);
        if (active.Length > 0 && Array.Exists(_drains, drain => IsOver(drain, active)))
        {
            _drains = [.. _drains.Where(drain => !IsOver(drain, active))];
            KeepAsync().Ignore();
        }

        var now = _time.GetUtcNow();
        var reports = Array.ConvertAll(_drains, drain => DrainJudgement.Judge(drain, active, _heard, now, _region.DrainSettle));
        for (var i = 0; i < reports.Length; i++)
        {
            // Once the drain of a replica is empty, it stays empty: the replica's number may be given to another replica later.
            var before = Before(reports[i].Id);
            if (reports[i].Target.Scope == DrainScope.Replica && before?.State == DrainState.Empty) reports[i] = before;
            if (reports[i].State != DrainState.Empty || before?.State == DrainState.Empty) continue;
            var target = Words(reports[i].Target);
            LogEmpty(target);
        }

        var changed = !Meaning(reports).SequenceEqual(Meaning(_reports));
        _reports = reports;
        if (changed) SetChanged();
    }

    private static bool IsOver(DrainRecord drain, string[] active) =>
        drain.Scope == DrainScope.Silo ? !active.Contains(drain.Silo) : !drain.Sticky && !drain.Silos.Intersect(active).Any();

    private DrainReport? Before(long id) => Array.Find(_reports, report => report.Id == id);

    private static IEnumerable<(long Id, DrainState State, bool Overdue)> Meaning(DrainReport[] reports) => reports.Select(static report => (report.Id, report.State, report.Overdue));

    private async Task ChangeAsync(DrainRecord[] drains, bool mustKeep)
    {
        var before = _drains;
        _drains = drains;
        try
        {
            await KeepAsync();
        }
        catch (Exception e) when (!mustKeep)
        {
            LogNotKept(e);
        }
        catch (Exception e)
        {
            _drains = before;
            throw new MeridianException(new Refusal
            {
                Code = RefusalCode.NotReady,
                Message = $"The region's store did not take a change of a sticky drain ({StoreFailure.Reason(e, _health, _region.StoreTimeout)}); it is not acknowledged. Repeat it, or drain without 'sticky'.",
                RetryAfterMs = 1000,
            });
        }

        SetChanged();
    }

    private async Task KeepAsync()
    {
        // Writes run one after another. Two writes with the same etag would conflict with each other.
        var before = _writing;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _writing = done.Task;
        await before;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var next = new GrainState<RegionDrainState>(new RegionDrainState { Drains = _drains }, _record.ETag) { RecordExists = _record.RecordExists };
                try
                {
                    using var patience = new CancellationTokenSource(_region.StoreTimeout, _time);
                    await _storage.WriteStateAsync(StateName, this.GetGrainId(), next, patience.Token).WaitAsync(patience.Token);
                    _record = next;
                    return;
                }
                catch (InconsistentStateException) when (attempt < MaxWriteTries)
                {
                    // Another activation wrote the record, which can happen while a silo dies. The newest order that this activation received is what
                    // the operator wants. Read the etag and write again.
                    var other = new GrainState<RegionDrainState>(new RegionDrainState());
                    using var patience = new CancellationTokenSource(_region.StoreTimeout, _time);
                    await _storage.ReadStateAsync(StateName, this.GetGrainId(), other, patience.Token).WaitAsync(patience.Token);
                    _record = other;
                }
            }
        }
        finally
        {
            done.TrySetResult();
        }
    }

    private Task ReadRecordAsync()
    {
        if (_known) return Task.CompletedTask;
        if (_reading is null or { IsCompleted: true }) _reading = ReadRecordOnceAsync();
        return _reading;
    }

    private async Task ReadRecordOnceAsync()
    {
        var record = new GrainState<RegionDrainState>(new RegionDrainState());
        try
        {
            using var patience = new CancellationTokenSource(_region.StoreTimeout, _time);
            await _storage.ReadStateAsync(StateName, this.GetGrainId(), record, patience.Token).WaitAsync(patience.Token);
        }
        catch (Exception e)
        {
            LogStoreLost(e);
            throw new MeridianException(new Refusal
            {
                Code = RefusalCode.NotReady,
                Message = $"What is drained in region '{_region.Name}' is not known: its store cannot be read ({StoreFailure.Reason(e, _health, _region.StoreTimeout)}).",
                RetryAfterMs = 1000,
            });
        }

        _record = record;
        _drains = record.State?.Drains ?? [];
        foreach (var drain in _drains) _revision = Math.Max(_revision, drain.Id + 1);
        _known = true;
    }

    private void SetChanged()
    {
        _revision++;
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    private DrainTarget SiloOf(DrainTarget target, bool ending = false)
    {
        var active = _silos.GetActiveSilos().ToArray();
        var found = Array.FindAll(active, silo => target.Silo == silo.ToParsableString() || target.Silo == silo.ToString() || target.Silo == silo.Endpoint.ToString());
        if (found.Length != 1)
        {
            throw Invalid(
                $"Region '{_region.Name}' has no active silo '{target.Silo}'; it has {string.Join(", ", active.Select(static silo => silo.Endpoint.ToString()))}.", "silo");
        }

        var address = found[0].ToParsableString();
        var named = target with { Silo = address, Model = null, Replica = 0 };
        if (ending) return named;
        var leaving = _drains.Where(static drain => drain.Scope == DrainScope.Silo).Select(static drain => drain.Silo).Append(address).ToHashSet(StringComparer.Ordinal);
        if (active.All(silo => leaving.Contains(silo.ToParsableString())))
            throw Invalid($"'{target.Silo}' is the last silo of region '{_region.Name}' that is not drained: nothing would be left to serve. Drain the region instead (scope 'region').", "silo");
        foreach (var model in _models.Current.Models)
        {
            if (model.Engine.Device is not { } device) continue;
            var able = _devices.Candidates(device);
            if (able.Length > 0 && Array.TrueForAll(able, silo => leaving.Contains(silo.ToParsableString())))
                throw Invalid($"No other silo of region '{_region.Name}' has the device '{device}' that model '{model.Name}' wants. Start one, or drain the region instead (scope 'region').", "silo");
        }

        return named;
    }

    private async Task<DrainTarget> ReplicaOfAsync(DrainTarget target)
    {
        var model = target.Model ?? "";
        if (_models.Find(model) is null) throw new MeridianException(_models.NotFound(model));

        // A repeated order is accepted. Its replica may be gone by now, and no other replica gets its number.
        var named = target with { Silo = null };
        if (Array.Exists(_drains, drain => drain.IsFor(named))) return named;
        var table = await GrainFactory.GetGrain<IModelDeployment>(model).Replicas(0);
        var numbers = Array.ConvertAll(table.Replicas, static replica => ShardKey.Parse(replica.Key).Replica);
        if (numbers.Contains(target.Replica)) return named;
        Array.Sort(numbers);
        throw Invalid(
            $"Model '{model}' has no replica number {target.Replica} in region '{_region.Name}'. " + numbers switch
            {
                [] => "It has no replica there.",
                [var only] => $"Its only replica there is number {only}: name that one.",
                _ => $"Its replicas there are number {string.Join(", ", numbers)}: name one of these.",
            },
            "replica");
    }

    private string Words(DrainTarget target) => target.Scope switch
    {
        DrainScope.Region => $"Region '{_region.Name}'",
        DrainScope.Silo => $"Silo {target.Silo}",
        _ => $"Replica {target.Replica} of '{target.Model}'",
    };

    private static MeridianException Invalid(string message, string param) => new(new Refusal { Code = RefusalCode.InvalidInput, Message = message, Param = param });
}
