using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;
using Meridian.Inference.Tokenization;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>
/// Sentence embeddings: tokenizes on the caller's side, batches dynamically, runs and pools on its own threads.
/// </summary>
/// <remarks>
/// A call goes through: validation, reservation of room in the queue (all items or none, before any work is spent on them), tokenization, admission.
/// Workers take batches as <see cref="LengthQueue"/> forms them; while one runs, the next fills, so an idle engine runs at once and a busy one batches.
/// All bookkeeping is under one gate, held for microseconds; computing and completing happen outside of it.
/// <list type="bullet">
/// <item>A cancelled call leaves the queue at once. Its items in a running batch are computed and dropped.</item>
/// <item>A batch that fails fails its calls (their waiting items leave too); the engine goes on.</item>
/// <item>Disposal finishes running batches and fails what waits with <see cref="EngineStoppedException"/>.</item>
/// <item>Continuations of callers never run on a worker.</item>
/// </list>
/// A vector does not depend on its batch: rows are computed alike for every batch on the CPU, padding has attention weight zero, pooling sees no padding.
/// </remarks>
public sealed partial class EmbeddingEngine : IEmbeddingEngine
{
    // Texts up to this long are tokenized where the caller stands (well under a millisecond); longer ones on the pool.
    private const int InlineCharacters = 4096;
    private const float PaddingShare = 0.10f;
    private const float Smoothing = 0.1f;
    private const int ShortestRetryMs = 20;
    private const int LongestRetryMs = 60_000;

    private readonly EngineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EmbeddingGraph _graph;
    private readonly TextTokenizer _tokenizer;
    private readonly EmbeddingRunner[] _runners;
    private readonly BatchLimits _limits;
    private readonly LengthQueue _queue;
    private readonly Task[] _workers;

    // Guards the queue, the counters and every call's state. A plain object, since workers wait on it.
    private readonly object _gate = new();
    private int _reserved;
    private int _running;
    private int _idle;
    private float _serviceMs;
    private bool _stopping;
    private Task? _stopped;

    private EmbeddingEngine(
        ModelPackage package, EngineOptions options, TimeProvider time, ILogger logger, EmbeddingGraph graph, TextTokenizer tokenizer, EmbeddingRunner[] runners, float itemMs)
    {
        Package = package;
        _options = options;
        _time = time;
        _logger = logger;
        _graph = graph;
        _tokenizer = tokenizer;
        _runners = runners;
        _serviceMs = itemMs;
        _limits = new BatchLimits(options.MaxBatch, options.MaxBatchTokens, PaddingShare);
        _queue = new LengthQueue(package.Manifest.MaxTokens);
        _workers = new Task[runners.Length];
        for (var i = 0; i < runners.Length; i++)
        {
            var runner = runners[i];
            _workers[i] = EngineThread.RunAsync($"{package.Manifest.Name} {graph.Session.Device} {i}", () => Work(runner));
        }
    }

    /// <inheritdoc />
    public ModelPackage Package { get; }

    /// <inheritdoc />
    public string Device => _graph.Session.Device.ToString();

    /// <inheritdoc />
    public int Dimensions => _graph.Dimensions;

    /// <inheritdoc />
    public int MaxTokens => Package.Manifest.MaxTokens;

    /// <inheritdoc />
    public EngineLoad Load
    {
        get
        {
            lock (_gate)
                return new EngineLoad(_running, _queue.Count + _reserved, _options.QueueCapacity, _serviceMs);
        }
    }

    internal static async Task<EmbeddingEngine> LoadAsync(
        ModelPackage package, EngineOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var engine = await EngineThread.RunAsync($"{package.Manifest.Name} load", () => Initialize(package, options, time, logger, cancellationToken)).ConfigureAwait(false);
        Log.Loaded(
            logger, package.Manifest.Id, engine.Device, options.IntraOpThreads, options.Workers, time.GetElapsedTime(started).TotalMilliseconds, WarmUp.ItemTokens, engine._serviceMs);
        return engine;
    }

    /// <inheritdoc />
    /// <exception cref="EngineStoppedException">The engine was disposed before the work ran.</exception>
    public ValueTask<EmbeddingOutcome> EmbedAsync(EmbeddingWork work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<EmbeddingOutcome>(cancellationToken);
        if (EmbeddingRefusals.Check(work, Dimensions, _options.QueueCapacity, _tokenizer.VocabularySize) is { } invalid)
            return new ValueTask<EmbeddingOutcome>(invalid);
        var count = work.Texts?.Length ?? work.TokenIds!.Length;
        lock (_gate)
        {
            if (_stopping)
                return ValueTask.FromException<EmbeddingOutcome>(new EngineStoppedException(Package.Manifest.Id));
            var waiting = _queue.Count + _reserved;
            if (waiting + count > _options.QueueCapacity)
                return new ValueTask<EmbeddingOutcome>(EmbeddingRefusals.QueueFull(count, waiting, _options.QueueCapacity, RetryAfterMs(waiting + count - _options.QueueCapacity)));
            _reserved += count;
        }

        return IsShort(work.Texts)
            ? new ValueTask<EmbeddingOutcome>(Admit(work, count, cancellationToken))
            : new ValueTask<EmbeddingOutcome>(Task.Run(() => Admit(work, count, cancellationToken), CancellationToken.None));
    }

    /// <summary>Finishes running batches, fails what waits with <see cref="EngineStoppedException"/>, and frees the session.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopped is null)
            {
                _stopping = true;
                var dropped = _queue.Count;
                while (_queue.Turn is { } call)
                {
                    _queue.Remove(call);
                    End(call);
                    call.Fail(new EngineStoppedException(Package.Manifest.Id));
                }

                Monitor.PulseAll(_gate);
                _stopped = StopAsync(dropped);
            }

            return new ValueTask(_stopped);
        }
    }

    private static EmbeddingEngine Initialize(ModelPackage package, EngineOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        TextTokenizer? tokenizer = null;
        EmbeddingGraph? graph = null;
        EmbeddingRunner[] runners = [];
        try
        {
            tokenizer = TextTokenizer.Load(package);
            cancellationToken.ThrowIfCancellationRequested();
            _ = Sessions.DeviceName.TryParse(options.Device, out var device);
            graph = EmbeddingGraph.Load(
                package, new OnnxSessionOptions { Device = device, IntraOpThreads = options.IntraOpThreads, AllowSpinning = options.AllowSpinning });
            cancellationToken.ThrowIfCancellationRequested();
            runners = new EmbeddingRunner[options.Workers];
            for (var i = 0; i < runners.Length; i++)
                runners[i] = new EmbeddingRunner(graph, package.Manifest.Normalize, Math.Max(options.MaxBatchTokens, package.Manifest.MaxTokens));
            var itemMs = WarmUp.Run(runners[0], package.Manifest, options, time, cancellationToken);
            return new EmbeddingEngine(package, options, time, logger, graph, tokenizer, runners, itemMs);
        }
        catch
        {
            foreach (var runner in runners)
                runner?.Dispose();
            graph?.Dispose();
            tokenizer?.Dispose();
            throw;
        }
    }

    private static bool IsShort(string[]? texts)
    {
        var characters = 0;
        foreach (var text in texts.AsSpan())
        {
            characters += text.Length;
            if (characters > InlineCharacters)
                return false;
        }

        return true;
    }

    /// <summary>Tokenizes and queues items whose room is reserved; gives the room back whatever happens.</summary>
    private Task<EmbeddingOutcome> Admit(EmbeddingWork work, int count, CancellationToken cancellationToken)
    {
        EmbeddingCall call;
        try
        {
            if (Tokenize(work, count, cancellationToken, out var ids) is { } refusal)
            {
                Release(count);
                return Task.FromResult(refusal);
            }

            call = new EmbeddingCall(ids, work.Dimensions ?? Dimensions);
        }
        catch (OperationCanceledException)
        {
            Release(count);
            return Task.FromCanceled<EmbeddingOutcome>(cancellationToken);
        }
        catch (Exception e)
        {
            Release(count);
            return Task.FromException<EmbeddingOutcome>(e is ObjectDisposedException ? new EngineStoppedException(Package.Manifest.Id) : e);
        }

        // Before queueing: a registration made later could miss the end of the call and outlive it in a long-lived token.
        if (cancellationToken.CanBeCanceled)
            call.Cancellation = cancellationToken.UnsafeRegister(static (state, token) => { var (engine, call) = ((EmbeddingEngine, EmbeddingCall))state!; engine.Cancel(call, token); }, (this, call));
        lock (_gate)
        {
            _reserved -= count;
            if (call.Ended)
                return call.Task;
            if (_stopping)
            {
                End(call);
                call.Fail(new EngineStoppedException(Package.Manifest.Id));
                return call.Task;
            }

            call.Admitted = _time.GetTimestamp();
            _queue.Add(call);
            if (_idle > 0)
                Monitor.Pulse(_gate);
        }

        return call.Task;
    }

    private EmbeddingOutcome? Tokenize(EmbeddingWork work, int count, CancellationToken cancellationToken, out uint[][] ids)
    {
        ids = new uint[count][];
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (work.Texts is { } texts)
            {
                var tokens = _tokenizer.Encode(texts[i], MaxTokens);
                if (!work.Truncate && (!tokens.Complete || tokens.Ids.Length > MaxTokens))
                    return EmbeddingRefusals.TooLong(i, count, tokens, texts[i].Length, MaxTokens);
                ids[i] = _tokenizer.Cut(tokens.Ids, MaxTokens);
            }
            else
            {
                var given = work.TokenIds![i];
                var length = given.Length + _tokenizer.SpecialTokens;
                if (!work.Truncate && length > MaxTokens)
                    return EmbeddingRefusals.TooLong(i, count, length, MaxTokens);
                ids[i] = _tokenizer.Wrap(given.AsSpan(0, Math.Min(given.Length, MaxTokens - _tokenizer.SpecialTokens)));
            }
        }

        return null;
    }

    private void Release(int count)
    {
        lock (_gate)
            _reserved -= count;
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

    private int RetryAfterMs(int items) => (int)Math.Clamp(items * _serviceMs / _options.Workers, ShortestRetryMs, LongestRetryMs);

    private bool Work(EmbeddingRunner runner)
    {
        var batch = new List<EmbeddingItem>(_options.MaxBatch);
        var completed = new List<EmbeddingCall>(_options.MaxBatch);
        while (true)
        {
            int longest;
            long started;
            lock (_gate)
            {
                if (!WaitForWork())
                    return true;
                longest = _queue.Take(batch, _limits);
                _running += batch.Count;
                started = _time.GetTimestamp();
            }

            Exception? failure = null;
            try
            {
                runner.Run(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(batch), longest);
            }
            catch (Exception e)
            {
                failure = e;
                Log.BatchFailed(_logger, Package.Manifest.Id, batch.Count, batch.Count * longest, e);
            }

            lock (_gate)
                Account(batch, started, failure, completed);
            foreach (var call in completed)
            {
                if (failure is null)
                    call.Complete();
                else
                    call.Fail(failure);
            }

            completed.Clear();
        }
    }

    /// <summary>Waits under the gate until there is a batch to run. False: the engine stops.</summary>
    private bool WaitForWork()
    {
        while (!_stopping)
        {
            var wait = Timeout.InfiniteTimeSpan;
            if (_queue.Turn is { } oldest)
            {
                wait = _options.MaxWait - _time.GetElapsedTime(oldest.Admitted);
                if (wait <= TimeSpan.Zero || _queue.Count >= _options.MaxBatch)
                    return true;
            }

            _idle++;
            Monitor.Wait(_gate, wait);
            _idle--;
        }

        return false;
    }

    private void Account(List<EmbeddingItem> batch, long started, Exception? failure, List<EmbeddingCall> completed)
    {
        _running -= batch.Count;
        var serviceMs = (float)_time.GetElapsedTime(started).TotalMilliseconds;
        _serviceMs += Smoothing * ((serviceMs / batch.Count) - _serviceMs);
        foreach (var item in batch)
        {
            var call = item.Call;
            if (call.Ended)
                continue;
            call.QueueMs = Math.Max(call.QueueMs, (float)_time.GetElapsedTime(call.Admitted, started).TotalMilliseconds);
            call.ServiceMs = Math.Max(call.ServiceMs, serviceMs);
            if (failure is not null)
                _queue.Remove(call);
            else if (--call.Unfinished > 0)
                continue;
            End(call);
            completed.Add(call);
        }
    }

    private async Task StopAsync(int dropped)
    {
        await Task.WhenAll(_workers).ConfigureAwait(false);
        foreach (var runner in _runners)
            runner.Dispose();
        _graph.Dispose();
        _tokenizer.Dispose();
        Log.Stopped(_logger, Package.Manifest.Id, dropped);
    }
}
