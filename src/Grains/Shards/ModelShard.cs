using System.Diagnostics.CodeAnalysis;
using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Grains.Placement;
using Meridian.Grains.Requests;
using Meridian.Grains.Settings;
using Meridian.Grains.Shards.Activity;
using Meridian.Grains.Shards.Streams;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Packages;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Meridian.Grains.Shards;

/// <summary>
/// One engine behind a grain. All fields belong to the activation's scheduler. Loading, disposal, and the tokenization of more than a little text run
/// on the thread pool. Inference runs on the engine's own threads. Each of them returns to the scheduler through an await.
/// </summary>
/// <remarks>
/// States: Unloaded -> Loading -> Ready. A failed load leads to Failed, and the next <see cref="Load"/> after the back-off leads to Loading again.
/// <see cref="Unload"/> leads from any state to Draining, then the grain deactivates.
/// <list type="bullet">
/// <item>The engine is lost without an unload: the shard goes from Ready to Failed at once and gives the reason. Its streams end with
/// <see cref="RefusalCode.NotReady"/> and continue at another replica. The next <see cref="Load"/> after the back-off loads the model again. A loss
/// soon after loading lengthens the back-off, as a failed load does.</item>
/// <item>The silo dies: the deployment's next <see cref="Load"/> activates the shard on another silo, in state Unloaded.</item>
/// <item>Streams continue after the call that opened them, see <see cref="OpenStream"/>. An unload waits for streams and for calls. Streams that
/// still run after the wait end with <see cref="RefusalCode.NotReady"/>. If the silo stops, they end with <see cref="RefusalCode.RegionLost"/>.
/// Another replica or region can continue them.</item>
/// <item>The grain deactivates while it loads: the load is cancelled. If an engine appears anyway, the load itself finds <c>_ended</c> cancelled and
/// releases the engine.</item>
/// <item>Orleans allows two activations for a moment while a silo dies. Each has its own engine and both give the same answers, so no fencing is
/// needed.</item>
/// </list>
/// </remarks>
[Reentrant, Immovable, KeepAlive, DevicePlacementFilter, ReplicaPlacement]
[SuppressMessage("Design", "CA1001", Justification = "A load that ends after the deactivation still looks at _ended; the source has no timer, so there is nothing to dispose.")]
public sealed partial class ModelShard : Grain, IModelShard
{
    /// <summary>
    /// Longest text of a call, in characters, that is tokenized inline. This takes some tens of microseconds, about as long as two thread switches
    /// under load. The replica's engine takes far longer for the same text, so the activation is never the bottleneck.
    /// </summary>
    private const long InlineSize = 256;

    /// <summary>Ticks of the timer without a question of the deployment after which the shard unloads.</summary>
    private const int AbandonedTicks = 4;

    private readonly RegionOptions _region;
    private readonly EngineLoader _loader;
    private readonly LoadedEngines _engines;
    private readonly SiloAddress _silo;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelShard> _logger;
    private readonly AttemptSources _attempts;
    private readonly ShardStreams _streams;
    private readonly Handovers _handovers;
    private readonly SiloShards _siloShards;
    private readonly ShardActivity _activity;
    private readonly ConversionQueue _conversions;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ShardKey _key;

    private ShardState _state;
    private IEngine? _engine;
    private string? _problem;
    private int _failures;
    private long _failedAt;
    private long _loadedAt;
    private bool _clearingUp;
    private int _running;
    private Task? _unloading;
    private int _unaskedTicks;
    private string? _triedSettings;
    private string? _settings;

    public ModelShard(
        IGrainContext context,
        IOptions<RegionOptions> region,
        EngineLoader loader,
        LoadedEngines engines,
        Handovers handovers,
        SiloShards shards,
        ConversionQueue conversions,
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
        _handovers = handovers;
        _streams = new ShardStreams(_key, time, logger);
        _siloShards = shards;
        _conversions = conversions;
        _activity = new ShardActivity(_key, _streams);
    }

    public Task<ShardStatus> Load(CancellationToken cancellationToken = default)
    {
        _unaskedTicks = 0;
        var settings = WantedSettings.Received;

        // Settings that differ from those that failed are tried at once.
        if (_state == ShardState.Unloaded || (_state == ShardState.Failed && !_clearingUp && (settings != _triedSettings || _time.GetElapsedTime(_failedAt) >= Backoff())))
        {
            _triedSettings = settings;
            _state = ShardState.Loading;
            _activity.Loaded = true;
            LoadInBackgroundAsync().Ignore();
        }

        return Task.FromResult(Snapshot());
    }

    public Task<ShardStatus> Status(CancellationToken cancellationToken = default) => Task.FromResult(Snapshot());

    public Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Unfit(request) is { } refusal) return Task.FromResult(new InferReply { Refusal = refusal });
        return (request.Input, _engine) switch
        {
            (EmbeddingInput input, IEmbeddingEngine engine) => EmbedAsync(engine, request, input, cancellationToken),
            (TokenizeInput input, IGenerationEngine engine) => TokenizeAsync(engine, request, input, cancellationToken),
            (DetokenizeInput input, IGenerationEngine engine) => DetokenizeAsync(engine, request, input, cancellationToken),
            _ => Task.FromResult(new InferReply { Refusal = WrongKind(request) }),
        };
    }

    public Task Unload(CancellationToken cancellationToken = default) => _unloading ??= UnloadAsync();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _siloShards.Add(_activity);
        var tick = _region.AbandonedAfter / AbandonedTicks;
        this.RegisterGrainTimer(static (shard, _) => shard.UnloadIfAbandonedAsync(), this, new GrainTimerCreationOptions(tick, tick) { Interleave = true });
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _state = ShardState.Draining;
        await _ended.CancelAsync();
        _streams.EndAll(StreamRefusals.Stopping(_region.Name));
        await ReleaseAsync();
        _siloShards.Remove(_activity);
    }

    private async Task<InferReply> EmbedAsync(IEmbeddingEngine engine, InferRequest request, EmbeddingInput input, CancellationToken caller)
    {
        _running++;
        _activity.Embedding(1);
        var attempt = _attempts.Begin(request.RemainingMs, caller, CancellationToken.None);
        try
        {
            var work = EmbeddingReplies.Work(input);
            var outcome = EmbeddingReplies.Size(input) <= InlineSize
                ? await engine.EmbedAsync(work, attempt.Token)
                : await EmbedInTurnAsync(engine, work, EmbeddingReplies.Size(input), attempt.Token);
            return EmbeddingReplies.Reply(outcome, _region.Name, _key);
        }
        catch (MeridianException e)
        {
            return new InferReply { Refusal = e.Refusal };
        }
        catch (OperationCanceledException)
        {
            if (caller.IsCancellationRequested) throw;
            return new InferReply { Refusal = attempt.Token.IsCancellationRequested ? RequestRules.OutOfTime(request) : NotReady() };
        }
        catch (Exception e) when (e is EngineStoppedException || (e is ObjectDisposedException && _state != ShardState.Ready))
        {
            // The unload stopped waiting for this request.
            return new InferReply { Refusal = NotReady() };
        }
        catch (Exception e)
        {
            return new InferReply { Refusal = Fault(e, request) };
        }
        finally
        {
            attempt.Dispose();
            _activity.Embedding(-1);
            Left();
        }
    }

    /// <summary>
    /// Tokenizes the texts in the conversion queue. Their place in that queue is free again before they wait in the engine's own queue.
    /// </summary>
    private async Task<EmbeddingOutcome> EmbedInTurnAsync(IEmbeddingEngine engine, EmbeddingWork work, long size, CancellationToken cancellationToken)
    {
        var (ran, outcome) = await _conversions.RunAsync(size, token => engine.EmbedAsync(work, token).AsTask(), cancellationToken);
        return ran ? await outcome! : throw new MeridianException(TooManyConversions(size));
    }

    /// <summary>The checks that a shard makes before it looks at the input. Null if the request passes.</summary>
    private Refusal? Unfit(InferRequest request)
    {
        if (request.RemainingMs <= 0) return RequestRules.OutOfTime(request);
        if (_state != ShardState.Ready) return NotReady();
        return RequestRules.Serves(request, _key.Version, _key.Variant) ? null : new Refusal
        {
            Code = RefusalCode.NotReady,
            Message = $"Version '{request.Version ?? _key.Version}', variant '{request.Variant ?? _key.Variant}' of '{_key.Model}' is asked for; this replica has {_key.Version}, {_key.Variant}.",
        };
    }

    private Refusal WrongKind(InferRequest request)
    {
        var wanted = request.Input switch
        {
            EmbeddingInput => "embed texts",
            GenerationInput when _engine is IGenerationEngine => "generate text in one answer; it streams, so open a stream",
            GenerationInput => "generate text",
            TokenizeInput or DetokenizeInput => "tokenize for its callers",
            _ => "take this kind of input",
        };
        return new Refusal
        {
            Code = RefusalCode.InvalidInput,
            Message = $"Model '{_key.Model}' is of kind '{_engine?.Package.Manifest.Kind}' and does not {wanted}.",
            Param = "model",
        };
    }

    private Refusal Fault(Exception e, InferRequest request)
    {
        LogInferenceFailed(e, request.RequestId, _key);
        return StreamRefusals.Fault(_key, $"request {request.RequestId}", e);
    }

    private void Left()
    {
        if (--_running == 0 && _state == ShardState.Draining) _drained.TrySetResult();
    }

    private async Task LoadInBackgroundAsync()
    {
        var started = _time.GetTimestamp();
        try
        {
            // Read _ended here, on the scheduler: a deactivation cancels the load.
            var stop = _ended.Token;
            var wanted = _triedSettings;
            var (engine, settings) = await Task.Run(() => _loader.LoadAsync(_key, wanted, stop), stop);
            if (stop.IsCancellationRequested)
            {
                await Task.Run(() => _engines.ReleaseAsync(engine), CancellationToken.None);
                return;
            }

            _engine = engine;
            _settings = settings;
            _problem = null;
            _loadedAt = _time.GetTimestamp();
            _state = ShardState.Ready;
            WatchAsync(engine).Ignore();
            var took = _time.GetElapsedTime(started);
            LogLoaded(_key, engine.Device, (long)took.TotalMilliseconds);
        }
        catch (Exception e) when (!_ended.IsCancellationRequested)
        {
            _problem = e is ModelPackageException ? e.Message : $"Model '{_key.Model}' could not be loaded: {e.Message}";
            _failures++;
            _failedAt = _time.GetTimestamp();
            _activity.Loaded = false;
            _state = ShardState.Failed;
            var wait = Backoff();
            LogLoadFailed(e, _key, _problem, wait);
        }
        catch (Exception)
        {
            // The grain was deactivated meanwhile. Nobody is left to tell.
        }
    }

    private async Task WatchAsync(IEngine engine)
    {
        var why = await engine.Lost;
        if (_engine != engine) return;
        _engine = null;
        _activity.Loaded = false;
        if (_state == ShardState.Ready)
        {
            _problem = $"The engine of '{_key.Model}' was lost: {why.Message}";
            _failures = _time.GetElapsedTime(_loadedAt) >= _region.MaxLoadBackoff ? 1 : _failures + 1;
            _failedAt = _time.GetTimestamp();
            _state = ShardState.Failed;
            LogEngineLost(why, _key, Backoff());
        }

        _streams.EndAll(StreamRefusals.EngineLost(_key));

        // No load starts before the release is done: two copies of the model are never in memory.
        _clearingUp = true;
        try
        {
            await Task.Run(() => _engines.ReleaseAsync(engine));
        }
        finally
        {
            _clearingUp = false;
        }
    }

    private async Task UnloadAsync()
    {
        var loading = _state == ShardState.Loading;
        _state = ShardState.Draining;
        if (loading) await _ended.CancelAsync();
        using var patience = new CancellationTokenSource(_region.DrainTimeout, _time);
        if (_running > 0) await _drained.Task.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await _streams.IdleAsync().WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _streams.EndAll(StreamRefusals.Unloaded(_key));
        await ReleaseAsync();
        DeactivateOnIdle();
        LogUnloaded(_key);
    }

    /// <summary>
    /// Unloads a shard that no deployment asks any more. Its deployment may have been lost while it retired the shard's version or removed the model; the next activation
    /// does not know of the shard. Ticks count, not the clock: after a pause of the whole process, the deployment gets the time to ask.
    /// </summary>
    private Task UnloadIfAbandonedAsync()
    {
        if (++_unaskedTicks >= AbandonedTicks && _unloading is null && _activity.IsIdle)
        {
            LogAbandoned(_key, _region.AbandonedAfter);
            Unload().Ignore();
        }

        return Task.CompletedTask;
    }

    private async Task ReleaseAsync()
    {
        var engine = _engine;
        _engine = null;
        if (engine is not null) await Task.Run(() => _engines.ReleaseAsync(engine));
        _activity.Loaded = false;
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
            Settings = _engine is null ? null : _settings,
            Arithmetic = (_engine as IGenerationEngine)?.Arithmetic,
            Pace = load.Pace is { } pace ? new TokenPace { TokenMs = pace.TokenMs, AloneMs = pace.AloneMs, Tokens = pace.Tokens, Slots = pace.Slots } : null,
        };
    }

    private Refusal NotReady() => new()
    {
        Code = RefusalCode.NotReady,
        Message = _problem is null ? $"Replica {_key.Replica} of '{_key.Model}' is {_state}." : $"Replica {_key.Replica} of '{_key.Model}' is {_state}: {_problem}",
        RetryAfterMs = 1000,
    };
}
