using System.Collections.Concurrent;
using Meridian.Federation.Availability;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Intents.Supervision;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Liveness;

/// <summary>
/// This observer's own view of all regions.
/// <para>
/// The work is split in three. <see cref="HeartbeatLink"/> monitors one region and judges nothing. <see cref="LivenessBoard"/> judges whether a region lives
/// and does not know the network. <see cref="AvailabilityBoard"/> decides from the outcomes of real requests whether a live region should get any. Routing
/// sees only the snapshots that this class publishes.
/// </para>
/// <para>
/// When health, incarnation, draining or a breaker changes, a new snapshot is published at once. When load, round trips or weights change, it is published
/// with the next tick. If nothing has changed, nothing is published.
/// </para>
/// <para>
/// A thread of its own (<c>meridian-liveness</c>) paces beats, judges and publishes, so that work on the thread pool cannot delay a judgement. Network
/// callbacks run on the pool and only queue observations. The thread is the single writer of all records; readers get the whole snapshot with one volatile
/// read.
/// </para>
/// Cases:
/// <list type="bullet">
/// <item><i>Region killed</i>: its stream is reset and a new one is refused. The region is Dead within milliseconds.</item>
/// <item><i>Restarted within a second</i>: the stream is reset, a new one opens, and the first ack carries another incarnation. The token of the old life
/// fires and a new one is issued.</item>
/// <item><i>Frozen or cut off</i>: the region is silent and phi rises: Suspect, then Dead.</item>
/// <item><i>Thawed or healed</i>: the next ack makes the region Alive, with a new token.</item>
/// <item><i>Stopping</i>: the region ends its streams. Opening a new one is answered with Unavailable, later refused.</item>
/// <item><i>This process was stopped or starved</i>: <see cref="ObserverClock"/> does not count that time.</item>
/// <item><i>Joined</i>: the region is Unknown until its first ack.</item>
/// <item><i>Left the intent</i>: its token fires and its link closes.</item>
/// <item><i>A wall clock was changed</i>: the offset is shown, but no decision here uses a wall clock. A region that restarts with a lower incarnation than
/// before is believed, because its connection is the later one.</item>
/// </list>
/// </summary>
internal sealed partial class LivenessService : IHostedService, IDirectoryFeed, IFailureReports, IPeerHints, IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly FederationOptions _options;
    private readonly IIntentSource _intent;
    private readonly ILocalRegion? _local;
    private readonly TimeProvider _time;
    private readonly ILogger<LivenessService> _logger;
    private readonly LoopSupervisor _supervisor;
    private readonly LivenessBoard _board;
    private readonly AvailabilityBoard _availability;
    private readonly Dictionary<string, HeartbeatLink> _links = new(StringComparer.Ordinal);
    private readonly HashSet<string> _strangers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Observation> _observations = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _waiters = new();
    private TaskCompletionSource<DirectorySnapshot>? _next;
    private DirectorySnapshot _current;
    private Thread? _thread;
    private long _sequence;

    // The thread pool sets it; the liveness thread clears it before it queues the next probe of the pool.
    private volatile bool _poolServed = true;

    public LivenessService(
        IOptions<FederationOptions> options,
        IIntentSource intent,
        InFlightLedger inFlight,
        AvailabilityBoard availability,
        LoopSupervisor supervisor,
        TimeProvider time,
        ILogger<LivenessService> logger,
        ILocalRegion? local = null)
    {
        _options = options.Value;
        _intent = intent;
        _time = time;
        _logger = logger;
        _local = local;
        _supervisor = supervisor;
        if (local is not null && _options.Region is not null && local.Name != _options.Region)
            throw new InvalidOperationException($"This process serves region '{local.Name}', but Federation: Region is '{_options.Region}'. Give both the same name.");
        _board = new LivenessBoard(_options, _options.Region ?? local?.Name, local, inFlight, time, availability);
        _availability = availability;
        availability.BreakerChanged = BreakerChanged;
        _board.Follow(intent.Current);
        _current = _board.Snapshot();
    }

    public DirectorySnapshot Current => Volatile.Read(ref _current);

    public Task<DirectorySnapshot> WaitForChangeAsync(DirectorySnapshot known, CancellationToken cancellationToken)
    {
        lock (_waiters)
        {
            var current = Current;
            if (!ReferenceEquals(current, known))
                return Task.FromResult(current);

            // Continuations must not run inline, because the publisher is the liveness thread.
            _next ??= new TaskCompletionSource<DirectorySnapshot>(TaskCreationOptions.RunContinuationsAsynchronously);
            return _next.Task.WaitAsync(cancellationToken);
        }
    }

    public void ReportFailure(string region, long incarnation) =>
        Note(new Observation(ObservationKind.RequestFailed, region, _time.GetTimestamp(), Incarnation: incarnation), true);

    public void HeardFrom(string region, long incarnation) =>
        Note(new Observation(ObservationKind.Hinted, region, _time.GetTimestamp(), Incarnation: incarnation), true);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Run) { Name = "meridian-liveness", IsBackground = true, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
        _ = _supervisor.RunAsync("liveness follows intent", FollowIntentAsync, _stop.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_thread is null)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        _wake.Set();
        await _stopped.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _availability.BreakerChanged = null;
        _stop.Cancel();
        _wake.Set();
    }

    private void BreakerChanged(string region) => Note(new Observation(ObservationKind.BreakerChanged, region, _time.GetTimestamp()), true);

    private void Note(Observation observation, bool wake)
    {
        _observations.Enqueue(observation);
        if (wake)
            _wake.Set();
    }

    private async Task FollowIntentAsync(CancellationToken stop)
    {
        var known = _intent.Current.Epoch;
        while (true)
        {
            // Wake the thread before the first wait, too: the intent may have changed while this loop was not running.
            _wake.Set();
            var intent = await _intent.WaitForChangeAsync(known, stop).ConfigureAwait(false);
            known = intent.Epoch;
        }
    }

    private void Run()
    {
        var interval = _options.Heartbeat.Interval;
        var nextTick = _time.GetTimestamp();
        var self = _supervisor.Enter("liveness", LongestPause);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var now = _time.GetTimestamp();
                _board.Clock.Woke(now);
                var changed = FollowIntent();
                changed |= Drain(now);
                if (now >= nextTick)
                {
                    Tick(now);
                    nextTick = Math.Max(nextTick + (long)(interval.TotalSeconds * _time.TimestampFrequency), now);
                    changed = true;
                }

                if (changed)
                    Publish();
                _wake.WaitOne(OpenDue(now, nextTick));
            }
            catch (Exception exception)
            {
                // An exception here must not end the thread: every region would keep its last state for ever.
                _wake.WaitOne(self.Failed(exception));
            }
        }

        foreach (var link in _links.Values)
            link.Dispose();
        _stopped.TrySetResult();
    }

    private TimeSpan OpenDue(long now, long nextTick)
    {
        var wait = now >= nextTick ? TimeSpan.Zero : _time.GetElapsedTime(now, nextTick);
        foreach (var link in _links.Values)
        {
            if (link.Due(now) is { } due && due < wait)
                wait = due;
        }

        return wait;
    }

    private bool FollowIntent()
    {
        var intent = _intent.Current;
        if (ReferenceEquals(intent, _board.Intent) && _links.Count == _board.Records.Count)
            return false;
        _board.Follow(intent);
        foreach (var (name, link) in _links)
        {
            if (_board.Records.TryGetValue(name, out var record) && record.Member.Protocol == link.Member.Protocol)
                continue;
            link.Dispose();
            _links.Remove(name);
        }

        foreach (var (name, record) in _board.Records)
        {
            if (!_links.ContainsKey(name))
                _links.Add(name, new HeartbeatLink(record.Member, _options, _time, NewBeat, Note));
        }

        return true;
    }

    private bool Drain(long now)
    {
        var changed = false;
        while (_observations.TryDequeue(out var seen))
        {
            if (seen.Kind == ObservationKind.BreakerChanged)
            {
                LogBreaker(seen.Region);
                changed = true;
                continue;
            }

            if (!_board.Records.TryGetValue(seen.Region, out var record) || !_links.TryGetValue(seen.Region, out var link))
                continue;
            var (before, lives, drained, wrong) = (record.Health, record.Lives, record.Draining, record.ClockWrong);
            switch (seen.Kind)
            {
                case ObservationKind.Heard when !_board.IsWho(seen.Region, seen.Status!):
                    if (_strangers.Add(seen.Region))
                        LogStranger(seen.Region, record.Member.Protocol, seen.Status!.Region);
                    break;
                case ObservationKind.Heard when _board.Heard(seen.Region, seen.Status!, seen.Timestamp, seen.SentTimestamp, seen.Connection, seen.ClockOffMs):
                    if (record.Lives != lives || before != record.Health)
                    {
                        if (record.Lives == 1)
                            LogFirstAlive(seen.Region, record.Incarnation);
                        else if (before == RegionHealth.Dead && drained)
                            LogBack(seen.Region, record.Incarnation);
                        else
                            LogAlive(seen.Region, record.Incarnation, before);
                        LivenessMetrics.Changed(seen.Region, record.Health);
                    }

                    if (record.Draining && !drained)
                        LogDraining(seen.Region);
                    changed = true;
                    break;
                case ObservationKind.Refused when _board.Refused(seen.Region, seen.Timestamp):
                    if (record.Incarnation == 0)
                        LogNotUp(seen.Region, record.Member.Protocol);
                    else if (record.Draining || record.Stopping)
                        LogStopped(seen.Region, record.Incarnation, record.Member.Protocol);
                    else
                        LogRefused(seen.Region, record.Incarnation, record.Member.Protocol);
                    LivenessMetrics.Changed(seen.Region, record.Health);
                    changed = true;
                    break;
                case ObservationKind.Stopping:
                    record.Stop(seen.Incarnation);
                    break;
                case ObservationKind.LinkEnded:
                    link.Ended(now);
                    break;
                case ObservationKind.RequestFailed when seen.Incarnation == record.Incarnation && record.Health != RegionHealth.Dead:
                    link.Probe(now);
                    link.RetryNow(now);
                    break;
                case ObservationKind.Hinted when seen.Incarnation > record.Incarnation:
                    link.Renew(now);
                    break;
                case ObservationKind.Hinted when record.Health != RegionHealth.Alive:
                    link.RetryNow(now);
                    break;
            }

            if (record.ClockWrong != wrong)
                LogClock(seen.Region, record);
            link.Quiet = record.Health == RegionHealth.Alive;
        }

        return changed;
    }

    private void Tick(long now)
    {
        if (_poolServed)
        {
            _poolServed = false;
            ThreadPool.UnsafeQueueUserWorkItem(static service => service._poolServed = true, this, preferLocal: false);
        }
        else
        {
            _board.Clock.PoolStarved();
        }

        var beat = NewBeat(now);
        foreach (var paced in _links.Values)
            paced.Pace(beat, now);
        foreach (var (name, record) in _board.Records)
        {
            var before = record.Health;
            if (!record.Judge(_board.Clock.Ms(now), _board.Clock))
                continue;
            LivenessMetrics.Changed(name, record.Health);
            if (_links.TryGetValue(name, out var link))
                link.Quiet = record.Health == RegionHealth.Alive;
            if (record.Health == RegionHealth.Alive)
                LogAlive(name, record.Incarnation, before);
            else
                LogSilent(name, record.Incarnation, record.Health, record.SilenceMs(_board.Clock.Ms(now)));
        }

        foreach (var name in _board.Advance(now))
            LogBreaker(name);
    }

    private void LogBreaker(string region)
    {
        var state = _board.Breaker(region);
        LivenessMetrics.Changed(region, state);
        if (state == BreakerState.Open)
            LogBreakerOpen(region, state);
        else
            LogBreaker(region, state);
    }

    private void LogClock(string region, RegionRecord record)
    {
        if (record.ClockWrong)
            LogClockWrong(region, Math.Abs(record.ClockOffMs) / 1000, record.ClockOffMs > 0 ? "ahead of" : "behind");
        else
            LogClockRight(region);
    }

    private Beat NewBeat(long now) => new()
    {
        Observer = _options.Edge,
        Sequence = ++_sequence,
        SentTimestamp = now,
        Status = _local?.Status,
    };

    private void Publish()
    {
        TaskCompletionSource<DirectorySnapshot>? waiting;
        var snapshot = _board.Snapshot();
        if (ReferenceEquals(snapshot, _current))
            return;
        lock (_waiters)
        {
            Volatile.Write(ref _current, snapshot);
            waiting = _next;
            _next = null;
        }

        waiting?.TrySetResult(snapshot);
    }
}
