using System.Runtime.InteropServices;
using Meridian.Inference.Sessions;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>
/// The bounded queue of an engine, and the workers that run its items in batches.
/// </summary>
/// <remarks>
/// Workers take batches that <see cref="LengthQueue"/> forms. While a batch runs, the next one fills. So an idle engine runs an item at once, and a busy engine
/// batches. One lock guards all bookkeeping and is held for microseconds. Computing and completing happen outside the lock.
/// <list type="bullet">
/// <item>A call reserves room for all its items before any work is spent on them. Then it submits the items or returns the room.</item>
/// <item>A cancelled call leaves the queue at once. Its items in a running batch are computed and dropped.</item>
/// <item>A failed batch runs again in halves (<see cref="BatchSearch"/>). If an item fails alone, its call fails and the call's waiting items leave the queue.
/// The other items get their vectors.</item>
/// <item>If the engine or a worker's own code is at fault, all calls end with <see cref="EngineStoppedException"/>, and <see cref="Lost"/> tells the owner to
/// load the model again.</item>
/// <item>Disposal finishes running batches and fails waiting calls with <see cref="EngineStoppedException"/>.</item>
/// <item>Callers' continuations never run on a worker.</item>
/// </list>
/// </remarks>
internal sealed partial class EmbeddingScheduler : IAsyncDisposable
{
    private const int ShortestRetryMs = 20;
    private const int LongestRetryMs = 60_000;

    private readonly string _model;
    private readonly EngineOptions _options;
    private readonly BatchLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LengthQueue _queue;
    private readonly IBatchRunner[] _runners;
    private readonly Task[] _workers;

    // Guards the queue, the counters and the state of every call. A plain object, because workers wait on it with Monitor.Wait.
    private readonly object _gate = new();
    private int _reserved;
    private int _running;
    private int _idle;
    private readonly ServiceTime _serviceTime;
    private readonly FaultStrikes _strikes = new();
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _maxTokens;
    private bool _over;
    private Task? _stopped;

    /// <param name="model">Appears in the names of the threads and in error messages.</param>
    /// <param name="maxTokens">Longest item, tokens.</param>
    /// <param name="options">Must be valid.</param>
    /// <param name="limits">Bounds of a batch.</param>
    /// <param name="runners">One for each worker. Owned and disposed by the scheduler.</param>
    /// <param name="itemMs">First estimate of the time of an item, ms.</param>
    /// <param name="time">Measures waits and service.</param>
    /// <param name="logger">Receives failures.</param>
    public EmbeddingScheduler(
        string model, int maxTokens, EngineOptions options, BatchLimits limits, IBatchRunner[] runners, float itemMs, TimeProvider time, ILogger logger)
    {
        _model = model;
        _options = options;
        _limits = limits;
        _time = time;
        _logger = logger;
        _serviceTime = new ServiceTime(itemMs, time.GetTimestamp(), time);
        _queue = new LengthQueue(maxTokens);
        _maxTokens = maxTokens;
        _runners = runners;
        _workers = [.. runners.Select((runner, i) => EngineThread.RunAsync($"{model} {i}", () => Work(runner)))];
    }

    /// <value>Completes with the reason when the workers cannot continue. Never faults. Disposing the scheduler does not complete it.</value>
    public Task<Exception> Lost => _lost.Task;

    public EngineLoad Load
    {
        get
        {
            lock (_gate)
                return new EngineLoad(_running, _queue.Count + _reserved, _options.QueueCapacity, _serviceTime.Expect(_running > 0, _time.GetTimestamp()));
        }
    }

    /// <summary>Reserves room for items. Returns null, or a refusal if the queue is full.</summary>
    /// <exception cref="EngineStoppedException">The scheduler was disposed, or its workers have failed.</exception>
    public EmbeddingOutcome? Reserve(int items)
    {
        lock (_gate)
        {
            if (_over)
                throw new EngineStoppedException(_model);
            var waiting = _queue.Count + _reserved;
            var missing = waiting + items - _options.QueueCapacity;
            if (missing > 0)
                return EmbeddingRefusals.QueueFull(items, waiting, _options.QueueCapacity, RetryAfterMs(missing));
            _reserved += items;
            return null;
        }
    }

    /// <summary>Returns reserved room to the queue.</summary>
    public void Release(int items)
    {
        lock (_gate)
            _reserved -= items;
    }

    /// <summary>Queues a call. Its room must have been reserved before.</summary>
    public Task<EmbeddingOutcome> Submit(EmbeddingCall call, CancellationToken cancellationToken)
    {
        // Register before queueing. A later registration could miss the end of the call and then stay in a long-lived token.
        if (cancellationToken.CanBeCanceled)
        {
            call.Cancellation = cancellationToken.UnsafeRegister(
                static (state, token) =>
                {
                    var (scheduler, call) = ((EmbeddingScheduler, EmbeddingCall))state!;
                    scheduler.Cancel(call, token);
                },
                (this, call));
        }

        lock (_gate)
        {
            _reserved -= call.Items.Length;
            if (call.Ended)
                return call.Task;
            if (_over)
            {
                End(call);
                call.Fail(new EngineStoppedException(_model));
                return call.Task;
            }

            call.Admitted = _time.GetTimestamp();
            _queue.Add(call);
            if (_idle > 0)
                Monitor.Pulse(_gate);
        }

        return call.Task;
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopped is null)
            {
                _stopped = StopAsync(EndAll());
            }

            return new ValueTask(_stopped);
        }
    }

    private async Task StopAsync(int dropped)
    {
        await Task.WhenAll(_workers).ConfigureAwait(false);
        foreach (var runner in _runners)
            runner.Dispose();
        Log.Stopped(_logger, _model, dropped);
    }

    private void Cancel(EmbeddingCall call, CancellationToken token)
    {
        lock (_gate)
        {
            if (call.Ended)
                return;
            _queue.Remove(call);
            End(call);
        }

        call.Cancel(token);
    }

    private static void End(EmbeddingCall call)
    {
        call.Ended = true;
        call.Cancellation.Unregister();
    }

    private int RetryAfterMs(int items) => (int)Math.Clamp(items * _serviceTime.Mean / _options.Workers, ShortestRetryMs, LongestRetryMs);

    /// <summary>Closes the queue and fails all waiting calls. The caller holds the lock. Returns the number of dropped items.</summary>
    private int EndAll()
    {
        _over = true;
        var dropped = _queue.Count;
        while (_queue.Turn is { } call)
        {
            _queue.Remove(call);
            End(call);
            call.Fail(new EngineStoppedException(_model));
        }

        Monitor.PulseAll(_gate);
        return dropped;
    }

    private bool Work(IBatchRunner runner)
    {
        var batch = new List<EmbeddingItem>(_limits.MaxItems);
        try
        {
            Work(new BatchSearch(runner, _maxTokens), batch);
            return true;
        }
        catch (Exception e)
        {
            Abandon(batch, e);
            return false;
        }
    }

    /// <summary>Fails all calls, so that callers ask another replica, and reports the reason.</summary>
    private void Abandon(List<EmbeddingItem> batch, Exception why)
    {
        Log.Lost(_logger, _model, why);
        bool disposed;
        lock (_gate)
        {
            disposed = _over;
            _running -= batch.Count;
            EndAll();
            foreach (var item in batch)
            {
                if (item.Call.Ended)
                    continue;
                _queue.Remove(item.Call);
                End(item.Call);
                item.Call.Fail(new EngineStoppedException(_model));
            }
        }

        if (!disposed)
            _lost.TrySetResult(why);
    }

    private void Work(BatchSearch search, List<EmbeddingItem> batch)
    {
        var ended = new List<(EmbeddingCall Call, Exception? Failure)>(_limits.MaxItems);
        while (true)
        {
            int longest;
            long started;
            lock (_gate)
            {
                if (!WaitForWork())
                    return;
                longest = _queue.Take(batch, _limits);
                _running += batch.Count;
                started = _time.GetTimestamp();

                // A call of many items woke one worker. Each worker wakes the next one while more items wait.
                if (_queue.Count > 0 && _idle > 0)
                    Monitor.Pulse(_gate);
            }

            search.Run(CollectionsMarshal.AsSpan(batch));
            if (search.First is { } failure)
                Log.BatchFailed(_logger, _model, batch.Count, batch.Count * longest, search.Failed.Count, failure);
            bool atFault;
            lock (_gate)
            {
                Account(batch, started, search, ended);
                if (search.First is null)
                    _strikes.Good();
                else
                    _strikes.Searched(search.Failed.Count, batch.Count - search.Failed.Count);
                atFault = _strikes.Out;
                batch.Clear();
            }

            foreach (var (call, cause) in ended)
            {
                if (cause is null)
                    call.Complete();
                else
                    call.Fail(cause);
            }

            ended.Clear();
            if (atFault)
                throw new InvalidOperationException($"Batches go on failing, and it is no single item that makes them fail. The last failed with: {search.First?.Message}", search.First);
        }
    }

    /// <summary>Waits until there is a batch to run. The caller holds the lock. False: the scheduler stops.</summary>
    private bool WaitForWork()
    {
        while (!_over)
        {
            var wait = Timeout.InfiniteTimeSpan;
            if (_queue.Turn is { } next)
            {
                wait = _options.MaxWait - _time.GetElapsedTime(next.Admitted);
                if (wait <= TimeSpan.Zero || _queue.Count >= _limits.MaxItems)
                    return true;
            }

            _idle++;
            Monitor.Wait(_gate, wait);
            _idle--;
        }

        return false;
    }

    private void Account(List<EmbeddingItem> batch, long started, BatchSearch search, List<(EmbeddingCall Call, Exception? Failure)> ended)
    {
        _running -= batch.Count;
        var now = _time.GetTimestamp();
        var serviceMs = (float)_time.GetElapsedTime(started, now).TotalMilliseconds;
        _serviceTime.Add(serviceMs / batch.Count, now);
        foreach (var (item, cause) in search.Failed)
        {
            if (item.Call.Ended)
                continue;
            _queue.Remove(item.Call);
            End(item.Call);
            ended.Add((item.Call, new FailedAloneException(_model, $"input[{item.Index}] of {item.Length} tokens", cause)));
        }

        foreach (var item in batch)
        {
            var call = item.Call;
            if (call.Ended)
                continue;
            call.QueueMs = Math.Max(call.QueueMs, (float)_time.GetElapsedTime(call.Admitted, started).TotalMilliseconds);
            call.ServiceMs = Math.Max(call.ServiceMs, serviceMs);
            if (--call.Unfinished > 0)
                continue;
            End(call);
            ended.Add((call, null));
        }
    }
}
