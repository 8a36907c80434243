using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;
using Meridian.Inference.Tokenization;
using Microsoft.Extensions.Logging;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>
/// Sentence embeddings. On the caller's thread it checks the request, reserves room in the queue and tokenizes. An <see cref="EmbeddingScheduler"/> then
/// batches and runs the items.
/// </summary>
/// <remarks>
/// A vector does not depend on its batch: on the CPU, rows are computed the same way for any number of rows; padding has attention weight zero; and pooling
/// skips padding.
/// </remarks>
public sealed partial class EmbeddingEngine : IEmbeddingEngine
{
    private const int TokensOnCpu = 256;
    private const int TokensOnGpu = 16_384;

    // On a CPU, the time of a run grows with its tokens, including padding, from 32 tokens up. Below that a run has a fixed cost, but then no queue is waiting
    // either.
    private const float PaddingShare = 0.10f;

    private readonly EngineOptions _options;
    private readonly EmbeddingGraph _graph;
    private readonly TextTokenizer _tokenizer;
    private readonly EmbeddingScheduler _scheduler;

    private EmbeddingEngine(ModelPackage package, EngineOptions options, EmbeddingGraph graph, TextTokenizer tokenizer, EmbeddingScheduler scheduler)
    {
        Package = package;
        _options = options;
        _graph = graph;
        _tokenizer = tokenizer;
        _scheduler = scheduler;
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
    public EngineLoad Load => _scheduler.Load;

    /// <inheritdoc />
    public Task<Exception> Lost => _scheduler.Lost;

    /// <summary>Verifies, loads and warms up the model, on a thread with the engine's priority. ONNX Runtime's threads inherit that priority.</summary>
    internal static async Task<EmbeddingEngine> LoadAsync(
        ModelPackage package, EngineOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var engine = await EngineThread.RunAsync($"{package.Manifest.Name} load", () => Start(package, options, time, logger, cancellationToken)).ConfigureAwait(false);
        Log.Loaded(
            logger, package.Manifest.Id, engine.Device, options.Workers, options.IntraOpThreads, time.GetElapsedTime(started).TotalMilliseconds, WarmUp.ItemTokens, engine.Load.ServiceMs);
        return engine;
    }

    /// <inheritdoc />
    /// <exception cref="EngineStoppedException">The engine was disposed, or it failed, before the work ran.</exception>
    public ValueTask<EmbeddingOutcome> EmbedAsync(EmbeddingWork work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<EmbeddingOutcome>(cancellationToken);
        if (EmbeddingRefusals.Check(work, Dimensions, _options.QueueCapacity, _tokenizer.VocabularySize) is { } invalid)
            return new ValueTask<EmbeddingOutcome>(invalid);
        var count = work.Texts?.Length ?? work.TokenIds!.Length;
        try
        {
            if (_scheduler.Reserve(count) is { } full)
                return new ValueTask<EmbeddingOutcome>(full);
        }
        catch (EngineStoppedException e)
        {
            return ValueTask.FromException<EmbeddingOutcome>(e);
        }

        return new ValueTask<EmbeddingOutcome>(Admit(work, count, cancellationToken));
    }

    /// <summary>Finishes running batches, fails waiting calls with <see cref="EngineStoppedException"/>, and frees the session.</summary>
    public async ValueTask DisposeAsync()
    {
        await _scheduler.DisposeAsync().ConfigureAwait(false);
        _graph.Dispose();
        _tokenizer.Dispose();
    }

    private static EmbeddingEngine Start(ModelPackage package, EngineOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        TextTokenizer? tokenizer = null;
        EmbeddingGraph? graph = null;
        IBatchRunner[] runners = [];
        try
        {
            tokenizer = TextTokenizer.Load(package);
            foreach (var file in package.Manifest.Files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (file.Path != package.Manifest.Tokenizer && file.Path != package.Manifest.Graph)
                    package.VerifyFile(file.Path);
            }

            _ = DeviceName.TryParse(options.Device, out var device);
            var limits = new BatchLimits(options.MaxBatch, options.MaxBatchTokens ?? (device.IsCuda ? TokensOnGpu : TokensOnCpu), PaddingShare);
            graph = EmbeddingGraph.Load(package, tokenizer.VocabularySize, new OnnxSessionOptions { Device = device, IntraOpThreads = options.IntraOpThreads, AllowSpinning = options.AllowSpinning });

            // The session has its own copy of the weights. Without a collection, the bytes of the file would stay until a full collection, which a quiet server
            // may not run for hours.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
            cancellationToken.ThrowIfCancellationRequested();
            runners = new IBatchRunner[options.Workers];
            for (var i = 0; i < runners.Length; i++)
                runners[i] = new EmbeddingRunner(graph, package.Manifest.Normalize, Math.Max(limits.MaxTokens, package.Manifest.MaxTokens));
            var itemMs = WarmUp.Run(runners[0], package.Manifest, limits, time, cancellationToken);
            var scheduler = new EmbeddingScheduler(package.Manifest.Id, package.Manifest.MaxTokens, options, limits, runners, itemMs, time, logger);
            return new EmbeddingEngine(package, options, graph, tokenizer, scheduler);
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

    /// <summary>Tokenizes and submits items whose room is already reserved. Returns the room if the items are not submitted.</summary>
    private Task<EmbeddingOutcome> Admit(EmbeddingWork work, int count, CancellationToken cancellationToken)
    {
        EmbeddingCall call;
        try
        {
            if (Tokenize(work, count, cancellationToken, out var ids) is { } refusal)
            {
                _scheduler.Release(count);
                return Task.FromResult(refusal);
            }

            call = new EmbeddingCall(ids, work.Dimensions ?? Dimensions);
        }
        catch (Exception e)
        {
            _scheduler.Release(count);
            return e switch
            {
                OperationCanceledException => Task.FromCanceled<EmbeddingOutcome>(cancellationToken),
                ObjectDisposedException => Task.FromException<EmbeddingOutcome>(new EngineStoppedException(Package.Manifest.Id)),
                _ => Task.FromException<EmbeddingOutcome>(e),
            };
        }

        return _scheduler.Submit(call, cancellationToken);
    }

    private EmbeddingOutcome? Tokenize(EmbeddingWork work, int count, CancellationToken cancellationToken, out uint[][] ids)
    {
        ids = new uint[count][];
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (work.Texts is { } texts)
            {
                var tokens = _tokenizer.Encode(texts[i], MaxTokens, cancellationToken);
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
}
