using Meridian.Grains;
using Meridian.Messages;
using Microsoft.Extensions.Logging;

namespace Meridian.Client.Regions;

/// <summary>
/// Keeps one region connected until the client stops.
///
/// Start: the link builds and starts a child host. Inside this host Orleans retries its first connection, with pauses that double up to a cap. So an attempt
/// to reach an absent region costs one socket, not one host. If the socket closes after it opened and before the start completes, the start would wait for
/// answers that cannot come. The link then gives the host up and builds the next one.
///
/// Join: three successful probes in a row create a <see cref="LiveConnection"/>. The fastest of the three is the first round-trip value, because the first
/// probe includes warm-up.
///
/// Stay: one probe per interval reads readiness, queues and round trip. A failed probe is repeated at once. A second failure without any sign of life
/// (answers to requests count) means that the region is lost. Probes are needed because a hanging process, or a network that drops packets, closes no socket.
///
/// Crash: when the socket of a gateway closes, the connection is lost at once, even if another gateway of the region is left. The link does not know which
/// request went through which gateway, and requests are idempotent. If another gateway is left, the probe that follows immediately finds it.
///
/// Restart: the Orleans client reconnects whenever it sends a message, so the probes are also the reconnect attempts. The same client finds a new process on
/// the same port. A changed incarnation shows a restart that closed no socket. It ends the old connection.
///
/// Rebuild: a host that has not recovered after <c>RebuildAfter</c> (15 s) is replaced. Sockets to addresses that no process serves any more can stay open
/// for 15 minutes.
///
/// Wrong region: a gateway that reports another region than the configured one is never joined. Its region may be under another jurisdiction.
/// </summary>
internal sealed partial class RegionLink
{
    private const double RoundTripWeight = 0.2;
    private const double QueueWeight = 0.3;
    private const int JoinLooks = 3;
    private const string Stopped = "the client stopped";

    private static readonly TimeSpan RebuildAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StartAfterConnection = TimeSpan.FromSeconds(45);

    private readonly MeridianRegionOptions _region;
    private readonly MeridianClientOptions _options;
    private readonly ILoggerFactory _loggerFactory;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Action _changed;
    private readonly ReconnectBackoff _backoff;
    private readonly Lock _gate = new();

    private volatile RegionConnection _view;
    private volatile LiveConnection? _current;
    private volatile RegionHost? _host;
    private CancellationTokenSource? _starting;
    private CancellationTokenSource? _looking;
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _gateways;
    private int _inFlight;
    private long _heard;
    private bool _everLost;

    /// <summary>
    /// Rises whenever a socket closes. A probe stores the value before it is sent, and its answer counts only if the value is unchanged. Otherwise an answer
    /// that was read just before the socket closed would mark a dead connection as alive.
    /// </summary>
    private int _epoch;

    public RegionLink(
        MeridianRegionOptions region,
        MeridianClientOptions options,
        bool permitted,
        ILoggerFactory loggerFactory,
        TimeProvider time,
        Random random,
        Action changed)
    {
        _region = region;
        _options = options;
        _loggerFactory = loggerFactory;
        _logger = loggerFactory.CreateLogger<RegionLink>();
        _time = time;
        _changed = changed;
        _backoff = new ReconnectBackoff(options.ReconnectMaxDelay, random);
        _view = new RegionConnection
        {
            Name = region.Name,
            Jurisdiction = region.Jurisdiction,
            State = permitted ? RegionConnectionState.Connecting : RegionConnectionState.Excluded,
            Problem = permitted ? null : $"jurisdiction '{region.Jurisdiction ?? "(none)"}' is not in Residency",
            Since = time.GetUtcNow(),
        };
    }

    public string Name => _region.Name;

    public bool Preferred => _options.HomeRegion == _region.Name;

    public RegionConnection View => _view;

    /// <value>The connection to send through, or null while there is none.</value>
    public LiveConnection? Current => _current;

    public RegionConnection Snapshot() => _view with { InFlight = Volatile.Read(ref _inFlight) };

    /// <exception cref="InvalidOperationException">The region has not been reached yet, or may not be used.</exception>
    public IClusterClient GetClusterClient() =>
        _current is not null && _host is { } host
            ? host.Client
            : throw new InvalidOperationException($"Region '{Name}' is {_view.State}{(_view.Problem is { } problem ? $" ({problem})" : "")}: there is no connection to hand out.");

    /// <summary>Sends a request through a connection.</summary>
    public async ValueTask<Answer<InferResult>> InferAsync(LiveConnection connection, InferRequest request, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            var reply = await connection.Endpoint.Infer(request, cancellationToken).ConfigureAwait(false);
            NoteLife();
            return new Answer<InferResult>(reply.Result, reply.Refusal);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Asks for a stream through a connection. The value of the answer has both head and frame.</summary>
    public async ValueTask<Answer<StreamReply>> OpenAsync(LiveConnection connection, InferRequest request, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            var reply = await connection.Endpoint.Open(request, cancellationToken).ConfigureAwait(false);
            NoteLife();
            return new Answer<StreamReply>(reply is { Head: not null, Frame: not null, Refusal: null } ? reply : null, reply.Refusal);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Counts one more unit of this client's work in flight at the region.</summary>
    public void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>Ends one unit of work that <see cref="Enter"/> counted.</summary>
    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Records that the region answered. A probe that was sent before and fails does not lose the region.</summary>
    public void NoteLife() => Volatile.Write(ref _heard, _time.GetTimestamp());

    /// <summary>Starts a probe of the region now, because a request failed in a way that may mean that the region is lost.</summary>
    public void Suspect() => Volatile.Read(ref _wake).TrySetResult();

    /// <summary>Runs until <paramref name="stopping"/>.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var closing = Task.CompletedTask;
        while (!stopping.IsCancellationRequested)
        {
            RegionHost? host = null;
            try
            {
                host = new RegionHost(_region, _options, _loggerFactory, _time, PauseBeforeRetryAsync, OnGatewaysChanged);
                Adopt(host);
                await StartAsync(host, stopping).ConfigureAwait(false);
                await WatchAsync(host, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // The client stops. This is the only way out of the loop.
            }
            catch (TimeoutException e)
            {
                // A region that is just starting may open and close its port. This does not deserve a warning.
                Lose(e.Message);
                LogStartLost(Name, e.Message);
            }
            catch (Exception e)
            {
                Lose(e.Message);
                LogHostFailed(Name, e);
            }

            if (stopping.IsCancellationRequested)
                Lose(Stopped);
            Adopt(null);
            await closing.ConfigureAwait(false);
            closing = host?.DisposeAsync().AsTask() ?? Task.CompletedTask;
            if (!stopping.IsCancellationRequested)
                await Task.Delay(_backoff.Next(), _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await closing.ConfigureAwait(false);
    }

    private void Adopt(RegionHost? host)
    {
        lock (_gate)
        {
            _host = host;
            _gateways = 0;
            _epoch++;
        }
    }

    private async Task StartAsync(RegionHost host, CancellationToken stopping)
    {
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate)
            _starting = starting;
        try
        {
            var start = host.StartAsync(starting.Token);
            // Once Orleans' start waits for the cluster's grains, it ignores its token. The host is then disposed, and this continuation observes the task's
            // exception.
            _ = start.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            await start.WaitAsync(starting.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!stopping.IsCancellationRequested)
        {
            throw new TimeoutException("The connection was lost, or stayed silent, while the client started.", e);
        }
        finally
        {
            lock (_gate)
                _starting = null;
        }
    }

    private async Task PauseBeforeRetryAsync(Exception exception, CancellationToken cancellationToken)
    {
        Lose(Innermost(exception));
        await Task.Delay(_backoff.Next(), _time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns when the host should be replaced.</summary>
    private async Task WatchAsync(RegionHost host, CancellationToken stopping)
    {
        var client = host.Client;
        var failures = 0;
        long failingSince = 0;
        while (true)
        {
            var wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _wake, wake);
            var epoch = Volatile.Read(ref _epoch);
            var sent = _time.GetTimestamp();
            TimeSpan pause;
            string? problem;
            try
            {
                problem = await LookAsync(client, epoch, stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                problem = Innermost(e);
            }

            if (problem is null)
            {
                failures = 0;
                pause = _options.PingInterval;
            }
            else
            {
                if (failures++ == 0)
                    failingSince = sent;
                if (_time.GetElapsedTime(failingSince) >= RebuildAfter)
                {
                    LogRebuilding(Name, RebuildAfter, problem);
                    Lose(problem);
                    return;
                }

                if (_current is null)
                {
                    Lose(problem);
                    pause = failures == 1 ? TimeSpan.Zero : _backoff.Next();
                }
                else if (Volatile.Read(ref _heard) >= sent)
                {
                    failures = 0;
                    pause = _options.PingInterval;
                }
                else
                {
                    if (failures > 1)
                        Lose(problem);
                    pause = TimeSpan.Zero;
                }
            }

            if (pause > TimeSpan.Zero && !wake.Task.IsCompleted)
            {
                using var timer = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                await Task.WhenAny(Task.Delay(pause, _time, timer.Token), wake.Task).ConfigureAwait(false);
                await timer.CancelAsync().ConfigureAwait(false);
            }

            stopping.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Probes the region, and joins it if it was not joined. Returns the problem, or null.</summary>
    private async Task<string?> LookAsync(IClusterClient client, int epoch, CancellationToken stopping)
    {
        var endpoint = client.GetGrain<IRegionEndpoint>(0);
        using var looking = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate)
        {
            if (epoch != _epoch)
                return "the connection closed";
            _looking = looking;
        }

        try
        {
            RegionStatus status;
            var roundTrip = double.MaxValue;
            var left = _current is null ? JoinLooks : 1;
            do
            {
                var sent = _time.GetTimestamp();
                using var limit = new CancellationTokenSource(_options.PingTimeout, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(looking.Token, limit.Token);
                try
                {
                    status = await endpoint.Status(either.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
                {
                    return limit.IsCancellationRequested ? $"no answer within {_options.PingTimeout.TotalMilliseconds:0} ms" : "the connection closed";
                }

                roundTrip = Math.Min(roundTrip, _time.GetElapsedTime(sent).TotalMilliseconds);
            }
            while (--left > 0);

            return Heard(client, status, roundTrip, epoch);
        }
        finally
        {
            lock (_gate)
                _looking = null;
        }
    }

    private string? Heard(IClusterClient client, RegionStatus status, double roundTrip, int epoch)
    {
        if (status.Region != _region.Name)
            return $"the gateway belongs to region '{status.Region}', not to '{_region.Name}'";

        LiveConnection? ended = null;
        bool joined;
        lock (_gate)
        {
            if (epoch != _epoch)
                return "the connection closed";

            var connection = _current;
            if (connection is not null && connection.Incarnation != status.Incarnation)
            {
                ended = connection;
                connection = null;
                _everLost = true;
            }

            joined = connection is null;
            connection ??= new LiveConnection(client, status.Incarnation, _time.GetTimestamp());
            var before = _view;
            _view = before with
            {
                State = RegionConnectionState.Alive,
                RoundTripMs = joined ? roundTrip : before.RoundTripMs + ((roundTrip - before.RoundTripMs) * RoundTripWeight),
                Incarnation = status.Incarnation,
                Models = status.Models,
                Draining = status.Draining,
                QueueMs = QueueTimes(status.Models, joined ? null : before),
                Problem = null,
                Since = joined ? _time.GetUtcNow() : before.Since,
                Lost = connection.Lost,
                Settled = !_everLost || _time.GetElapsedTime(connection.Since) >= _options.ReturnAfter,
            };
            _current = connection;
        }

        ended?.End();
        if (joined)
        {
            _backoff.Reset();
            LogJoined(Name, roundTrip);
        }

        _changed();
        return null;
    }

    private void OnGatewaysChanged(RegionHost host, int now, int before)
    {
        LiveConnection? ended = null;
        CancellationTokenSource? starting = null;
        CancellationTokenSource? looking = null;
        lock (_gate)
        {
            if (host != _host)
                return;

            // Orleans counts atomically but reports outside its lock, so reports may come out of order. The sum of the differences is still right.
            _gateways += now - before;
            if (now > before)
            {
                _starting?.CancelAfter(StartAfterConnection);
                return;
            }

            _epoch++;
            ended = Take($"a gateway closed the connection, {_gateways} left");
            starting = _gateways == 0 ? _starting : null;
            looking = _looking;
        }

        Ended(ended);
        CancelOnOtherThread(starting);
        CancelOnOtherThread(looking);
        Suspect();
    }

    private void Lose(string problem)
    {
        LiveConnection? ended;
        lock (_gate)
            ended = Take(problem);
        Ended(ended);
    }

    /// <summary>The caller holds the lock. Stores the problem and removes the connection, if there is one. Returns the removed connection.</summary>
    private LiveConnection? Take(string problem)
    {
        var ended = _current;
        _current = null;
        _everLost |= ended is not null;
        _view = ended is null
            ? _view with { Problem = problem }
            : _view with { State = RegionConnectionState.Lost, Problem = problem, Since = _time.GetUtcNow(), Settled = false };
        return ended;
    }

    private void Ended(LiveConnection? ended)
    {
        if (ended is not null)
        {
            ended.End();
            if (_view.Problem is { } problem && !ReferenceEquals(problem, Stopped))
                LogLost(Name, problem);
        }

        _changed();
    }

    private static void CancelOnOtherThread(CancellationTokenSource? source)
    {
        try
        {
            _ = source?.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The owner disposed the source in this moment.
        }
    }

    /// <summary>
    /// Waiting time in each queue: queue length divided by the ready replicas, times the service time, smoothed. One reading of a queue is only a snapshot,
    /// and the home region should not move because of one reading.
    /// </summary>
    private static double[] QueueTimes(ModelStatus[] models, RegionConnection? before)
    {
        var times = models.Length == 0 ? [] : new double[models.Length];
        for (var i = 0; i < models.Length; i++)
        {
            var model = models[i];
            var now = (double)(model.Queued + model.InFlight) * model.ServiceMs / Math.Max(1, model.ReadyReplicas);
            var then = now;
            for (var j = 0; before is not null && j < before.Models.Length; j++)
            {
                if (before.Models[j].Model == model.Model && before.Models[j].Version == model.Version && before.Models[j].Variant == model.Variant)
                    then = before.QueueMs[j];
            }

            times[i] = then + ((now - then) * QueueWeight);
        }

        return times;
    }

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
            exception = inner;
        return exception.Message;
    }
}
