using Meridian.Messages.Generation;
using System.Diagnostics.CodeAnalysis;
using Meridian.Federation.Edge;
using Meridian.Grains.Hosting;
using Meridian.Grains.Placement;
using Meridian.Grains.Routing;
using Meridian.Inference.Engines;
using Meridian.Inference.Packages;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Meridian.Grains.Shards;

/// <summary>
/// One engine behind a grain. All of its fields belong to the activation's scheduler; loading, tokenizing of more than a little text, and disposal happen on the thread pool,
/// inference on the engine's own threads, and each comes back with an await.
/// </summary>
/// <remarks>
/// Life: Unloaded -> Loading -> Ready, or Failed and on the next <see cref="Load"/> after a back-off Loading again; from any state <see cref="Unload"/> -> Draining -> deactivated.
/// <list type="bullet">
/// <item>The silo dies: the deployment's next <see cref="Load"/> activates the shard elsewhere, Unloaded.</item>
/// <item>Deactivation while loading: the load is cancelled; an engine that appears all the same is released by the load itself, which finds <c>_ended</c>.</item>
/// <item>Two activations for a moment (Orleans allows it while a silo dies): each has its own engine and both answer alike, so nothing is fenced here.</item>
/// </list>
/// </remarks>
[Reentrant, Immovable, KeepAlive, DevicePlacementFilter, ReplicaPlacement]
[SuppressMessage("Design", "CA1001", Justification = "A load that ends after the deactivation still looks at _ended; the source has no timer, so there is nothing to dispose.")]
public sealed partial class ModelShard : Grain, IModelShard
{
    /// <summary>
    /// Characters up to which a call's text is tokenized inline. Some tens of microseconds, about what two hops between threads cost under load; a replica's engine
    /// takes far longer for the same text, so its activation is never the bottleneck.
    /// </summary>
    private const long InlineSize = 256;

    private readonly RegionOptions _region;
    private readonly EngineLoader _loader;
    private readonly LoadedEngines _engines;
    private readonly SiloAddress _silo;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelShard> _logger;
    private readonly AttemptSources _attempts;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ShardKey _key;

    private ShardState _state;
    private IEngine? _engine;
    private string? _problem;
    private int _failures;
    private long _failedAt;
    private int _running;
    private Task? _unloading;

    public ModelShard(
        IGrainContext context,
        IOptions<RegionOptions> region,
        EngineLoader loader,
        LoadedEngines engines,
        ILocalSiloDetails silo,
        TimeProvider time,
        ILogger<ModelShard> logger)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(silo);
        _key = ShardKey.Parse(context.GrainId.Key.ToString() ?? "");
        _region = region.Value;
        _loader = loader;
        _engines = engines;
        _silo = silo.SiloAddress;
        _time = time;
        _logger = logger;
        _attempts = new AttemptSources(time);
    }

    public Task<ShardStatus> Load(CancellationToken cancellationToken = default)
    {
        if (_state == ShardState.Unloaded || (_state == ShardState.Failed && _time.GetElapsedTime(_failedAt) >= Backoff()))
        {
            _state = ShardState.Loading;
            LoadInBackgroundAsync().Ignore();
        }

        return Task.FromResult(Snapshot());
    }

    public Task<ShardStatus> Status(CancellationToken cancellationToken = default) => Task.FromResult(Snapshot());

    public Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RemainingMs <= 0) return Task.FromResult(RequestRules.OutOfTime(request));
        if (_state != ShardState.Ready) return Task.FromResult(NotReady());
        if (!RequestRules.Serves(request, _key.Version, _key.Variant))
        {
            return Task.FromResult(InferReply.Refuse(
                RefusalCode.NotReady,
                $"Version '{request.Version ?? _key.Version}', variant '{request.Variant ?? _key.Variant}' of '{_key.Model}' is asked for; this replica has {_key.Version}, {_key.Variant}."));
        }

        if (request.Input is not EmbeddingInput input || _engine is not IEmbeddingEngine engine)
            return Task.FromResult(InferReply.Refuse(RefusalCode.InvalidInput, $"Model '{_key.Model}' does not take this kind of request.", "model"));

        return EmbedAsync(engine, request, input, cancellationToken);
    }

    public Task Unload(CancellationToken cancellationToken = default) => _unloading ??= UnloadAsync();

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _state = ShardState.Draining;
        await _ended.CancelAsync();
        await ReleaseAsync();
    }

    private async Task<InferReply> EmbedAsync(IEmbeddingEngine engine, InferRequest request, EmbeddingInput input, CancellationToken caller)
    {
        _running++;
        var attempt = _attempts.Begin(request.RemainingMs, caller, CancellationToken.None);
        try
        {
            var work = EmbeddingReplies.Work(input);
            var outcome = EmbeddingReplies.Size(input) <= InlineSize
                ? await engine.EmbedAsync(work, attempt.Token)
                : await Task.Run(() => engine.EmbedAsync(work, attempt.Token).AsTask());
            return EmbeddingReplies.Reply(outcome, _region.Name, _key);
        }
        catch (OperationCanceledException)
        {
            if (caller.IsCancellationRequested) throw;
            return attempt.Token.IsCancellationRequested ? RequestRules.OutOfTime(request) : NotReady();
        }
        catch (Exception e) when (e is EngineStoppedException || (e is ObjectDisposedException && _state != ShardState.Ready))
        {
            // Unloading ran out of patience with this request.
            return NotReady();
        }
        catch (Exception e)
        {
            LogInferenceFailed(e, request.RequestId, _key);
            return InferReply.Refuse(RefusalCode.Internal, $"Model '{_key.Model}' failed on request {request.RequestId}; the region's log has the details.");
        }
        finally
        {
            attempt.Dispose();
            if (--_running == 0 && _state == ShardState.Draining) _drained.TrySetResult();
        }
    }

    private async Task LoadInBackgroundAsync()
    {
        var started = _time.GetTimestamp();
        try
        {
            // _ended is read here, on the scheduler: a deactivation cancels the load.
            var stop = _ended.Token;
            var engine = await Task.Run(() => _loader.LoadAsync(_key, stop), stop);
            if (stop.IsCancellationRequested)
            {
                await Task.Run(() => _engines.ReleaseAsync(engine), CancellationToken.None);
                return;
            }

            _engine = engine;
            _problem = null;
            _failures = 0;
            _state = ShardState.Ready;
            var took = _time.GetElapsedTime(started);
            LogLoaded(_key, engine.Device, (long)took.TotalMilliseconds);
        }
        catch (Exception e) when (!_ended.IsCancellationRequested)
        {
            _problem = e is ModelPackageException ? e.Message : $"Model '{_key.Model}' could not be loaded: {e.Message}";
            _failures++;
            _failedAt = _time.GetTimestamp();
            _state = ShardState.Failed;
            var wait = Backoff();
            LogLoadFailed(e, _key, _problem, wait);
        }
        catch (Exception)
        {
            // Deactivated meanwhile: nobody is left to tell.
        }
    }

    private async Task UnloadAsync()
    {
        var loading = _state == ShardState.Loading;
        _state = ShardState.Draining;
        if (loading) await _ended.CancelAsync();
        if (_running > 0)
        {
            using var patience = new CancellationTokenSource(_region.DrainTimeout, _time);
            await _drained.Task.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        await ReleaseAsync();
        DeactivateOnIdle();
        LogUnloaded(_key);
    }

    private Task ReleaseAsync()
    {
        var engine = _engine;
        _engine = null;
        return engine is null ? Task.CompletedTask : Task.Run(() => _engines.ReleaseAsync(engine));
    }

    private TimeSpan Backoff()
    {
        var doublings = Math.Min(_failures - 1, 20);
        var ticks = _region.LoadBackoff.Ticks * Math.Pow(2, Math.Max(doublings, 0));
        return ticks >= _region.MaxLoadBackoff.Ticks ? _region.MaxLoadBackoff : TimeSpan.FromTicks((long)ticks);
    }

    private ShardStatus Snapshot()
    {
        var load = _engine?.Load ?? default;
        return new ShardStatus
        {
            Key = _key.ToString(),
            State = _state,
            Problem = _problem,
            InFlight = load.InFlight,
            Queued = load.Queued,
            QueueCapacity = load.QueueCapacity,
            ServiceMs = load.ServiceMs,
            Device = _engine?.Device,
            Silo = _silo,
        };
    }

    private InferReply NotReady() => InferReply.Refuse(
        RefusalCode.NotReady,
        _problem is null ? $"Replica {_key.Replica} of '{_key.Model}' is {_state}." : $"Replica {_key.Replica} of '{_key.Model}' is {_state}: {_problem}",
        retryAfterMs: 1000);

    public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<StreamReply> Read(Guid stream, long offset, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Close(Guid stream) => throw new NotSupportedException();
}
