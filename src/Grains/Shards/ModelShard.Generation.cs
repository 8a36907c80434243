using Meridian.Errors;
using Meridian.Grains.Routing;
using Meridian.Grains.Shards.Streams;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation;
using Meridian.Inference.Tokenization.Chat;
using Meridian.Messages;
using Meridian.Messages.Generation;

namespace Meridian.Grains.Shards;

// Text generation: streams, and the tokenizer for callers.
public sealed partial class ModelShard
{
    /// <summary>How long a read by a grain call waits for tokens: well below Orleans' limit of a call.</summary>
    internal static readonly TimeSpan LongestPull = TimeSpan.FromSeconds(5);

    /// <summary>Most long texts that are converted to or from ids at a time.</summary>
    internal const int ConversionsAtOnce = 4;

    /// <summary>Most long texts being converted or waiting for it; one more is refused.</summary>
    internal const int MaxConversions = 16;

    private readonly SemaphoreSlim _converting = new(ConversionsAtOnce);
    private int _conversions;

    public Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Unfit(request) is { } refusal) return Task.FromResult(new StreamReply { Refusal = refusal });
        if (request.Input is not GenerationInput input || _engine is not IGenerationEngine engine) return Task.FromResult(new StreamReply { Refusal = WrongKind(request) });
        return Generations.Check(input) is { } unfit ? Task.FromResult(new StreamReply { Refusal = unfit }) : OpenAsync(engine, request, input, cancellationToken);
    }

    public Task<StreamReply> Read(Guid stream, long offset, CancellationToken cancellationToken = default) =>
        _streams.Find(stream)?.PullAsync(offset, LongestPull, cancellationToken) ?? Task.FromResult(new StreamReply { Refusal = StreamRefusals.Unknown(_key, stream) });

    public Task Close(Guid stream)
    {
        _streams.Find(stream)?.Close();
        return Task.CompletedTask;
    }

    private async Task<StreamReply> OpenAsync(IGenerationEngine engine, InferRequest request, GenerationInput input, CancellationToken caller)
    {
        _running++;
        _activity.Opening(1);
        var opening = true;
        var started = _time.GetTimestamp();
        OpenStream? open = null;
        var kept = false;
        try
        {
            var work = Generations.Work(input, request.Tenant);
            var admission = Generations.Size(input) <= InlineSize ? engine.Open(work) : await Task.Run(() => engine.Open(work), CancellationToken.None);
            if (admission.Stream is not { } stream) return new StreamReply { Refusal = Generations.Refusal(admission, _key.Model) };
            var leftMs = request.RemainingMs - (int)_time.GetElapsedTime(started).TotalMilliseconds;
            open = _streams.Add(request.Stream ?? Guid.NewGuid(), stream, engine.Tokenizer, leftMs);
            _activity.Opening(-1);
            opening = false;
            var frame = await open.ReadAsync(0, caller);
            if (_handovers.Offer(open) == HandoverOutcome.ReaderGone) throw new OperationCanceledException(caller);
            kept = true;
            return new StreamReply { Head = Generations.Head(stream, input, engine, open.Id, _region.Name, _key), Frame = frame };
        }
        catch (MeridianException e)
        {
            return new StreamReply { Refusal = e.Refusal };
        }
        catch (OperationCanceledException)
        {
            throw;
        }
        catch (Exception e) when (e is EngineStoppedException || (e is ObjectDisposedException && _state != ShardState.Ready))
        {
            return new StreamReply { Refusal = NotReady() };
        }
        catch (Exception e)
        {
            return new StreamReply { Refusal = Fault(e, request) };
        }
        finally
        {
            if (!kept) open?.Close();
            if (opening) _activity.Opening(-1);
            Left();
        }
    }

    private Task<InferReply> TokenizeAsync(IGenerationEngine engine, InferRequest request, TokenizeInput input, CancellationToken caller) => Generations.Check(input) is { } unfit
        ? Task.FromResult(new InferReply { Refusal = unfit })
        : ConvertAsync(request, Generations.Size(input.Prompt), () => Generations.Tokenize(engine, input), caller);

    private Task<InferReply> DetokenizeAsync(IGenerationEngine engine, InferRequest request, DetokenizeInput input, CancellationToken caller) => input.TokenIds is null
        ? Task.FromResult(new InferReply { Refusal = Generations.Invalid("There are no ids to detokenize.", "tokens") })
        : ConvertAsync(request, input.TokenIds.Length, () => Generations.Detokenize(engine, input), caller);

    private async Task<InferReply> ConvertAsync(InferRequest request, long size, Func<InferOutput> convert, CancellationToken caller)
    {
        if (size > InlineSize && _conversions >= MaxConversions) return new InferReply { Refusal = TooManyConversions() };
        _running++;
        _activity.Conversion(1);
        var attempt = _attempts.Begin(request.RemainingMs, caller, CancellationToken.None);
        try
        {
            var output = size <= InlineSize ? convert() : await InTurnAsync(convert, attempt.Token);

            // Nothing stops a conversion under way, so it may end when nobody wants its result any more.
            attempt.Token.ThrowIfCancellationRequested();
            return InferReply.Of(new InferResult { Region = _region.Name, Model = _key.Model, Version = _key.Version, Variant = _key.Variant, Output = output });
        }
        catch (OperationCanceledException) when (attempt.Token.IsCancellationRequested)
        {
            caller.ThrowIfCancellationRequested();
            return new InferReply { Refusal = RequestRules.OutOfTime(request) };
        }
        catch (MeridianException e)
        {
            return new InferReply { Refusal = e.Refusal };
        }
        catch (ChatTemplateException e)
        {
            return new InferReply { Refusal = Generations.Invalid(e.Message, "messages") };
        }
        catch (Exception e) when (e is EngineStoppedException || (e is ObjectDisposedException && _state != ShardState.Ready))
        {
            return new InferReply { Refusal = NotReady() };
        }
        catch (Exception e)
        {
            return new InferReply { Refusal = Fault(e, request) };
        }
        finally
        {
            attempt.Dispose();
            _activity.Conversion(-1);
            Left();
        }
    }

    /// <summary>A long conversion on the thread pool, few at once: they share the processors with the engines' own work.</summary>
    private async Task<InferOutput> InTurnAsync(Func<InferOutput> convert, CancellationToken cancellationToken)
    {
        _conversions++;
        try
        {
            await _converting.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(convert, cancellationToken);
            }
            finally
            {
                _converting.Release();
            }
        }
        finally
        {
            _conversions--;
        }
    }

    private Refusal TooManyConversions() => new()
    {
        Code = RefusalCode.NoCapacity,
        Message = $"Replica {_key.Replica} of '{_key.Model}' converts {MaxConversions} long texts already; try again shortly.",
        RetryAfterMs = 500,
    };
}
