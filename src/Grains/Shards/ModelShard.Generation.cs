using System.Globalization;
using Meridian.Errors;
using Meridian.Grains.Requests;
using Meridian.Grains.Shards.Streams;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Tokenization.Chat;
using Meridian.Messages;

namespace Meridian.Grains.Shards;

// Text generation: streams, and the tokenizer for callers.
public sealed partial class ModelShard
{
    /// <summary>Longest time that a grain call waits for tokens. It is well below Orleans' time limit for a call.</summary>
    internal static readonly TimeSpan LongestPull = TimeSpan.FromSeconds(5);

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
            var admission = await AdmitAsync(engine, work, Generations.Size(input), request, caller);
            if (admission.Stream is not { } stream) return new StreamReply { Refusal = Generations.Refusal(admission, _key.Model) };
            var leftMs = request.RemainingMs - (int)_time.GetElapsedTime(started).TotalMilliseconds;
            open = _streams.Add(request.Stream ?? Guid.NewGuid(), stream, engine.Tokenizer, leftMs);
            _activity.Opening(-1);
            opening = false;
            var frame = await open.ReadFirstAsync(caller);
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

    /// <summary>Tokenizes and queues the prompts. Stops when the caller cancels or the request's time is up.</summary>
    private async Task<GenerationAdmission> AdmitAsync(IGenerationEngine engine, GenerationWork work, long size, InferRequest request, CancellationToken caller)
    {
        if (size <= InlineSize) return engine.Open(work, caller);
        var attempt = _attempts.Begin(request.RemainingMs, caller, CancellationToken.None);
        try
        {
            var (ran, admission) = await _conversions.RunAsync(size, token => engine.Open(work, token), attempt.Token);
            return ran ? admission! : throw new MeridianException(TooManyConversions(size));
        }
        catch (OperationCanceledException) when (attempt.Token.IsCancellationRequested && !caller.IsCancellationRequested)
        {
            throw new MeridianException(RequestRules.OutOfTime(request));
        }
        finally
        {
            attempt.Dispose();
        }
    }

    private Task<InferReply> TokenizeAsync(IGenerationEngine engine, InferRequest request, TokenizeInput input, CancellationToken caller) => Generations.Check(input) is { } unfit
        ? Task.FromResult(new InferReply { Refusal = unfit })
        : ConvertAsync(request, Generations.Size(input.Prompt), token => Generations.Tokenize(engine, input, token), caller);

    private Task<InferReply> DetokenizeAsync(IGenerationEngine engine, InferRequest request, DetokenizeInput input, CancellationToken caller) => input.TokenIds is null
        ? Task.FromResult(new InferReply { Refusal = Generations.Invalid("There are no ids to detokenize.", "tokens") })
        : ConvertAsync(request, input.TokenIds.Length, _ => Generations.Detokenize(engine, input), caller);

    private async Task<InferReply> ConvertAsync(InferRequest request, long size, Func<CancellationToken, InferOutput> convert, CancellationToken caller)
    {
        _running++;
        _activity.Conversion(1);
        var attempt = _attempts.Begin(request.RemainingMs, caller, CancellationToken.None);
        try
        {
            var (ran, output) = size <= InlineSize ? (true, convert(attempt.Token)) : await _conversions.RunAsync(size, convert, attempt.Token);

            // The last piece of a text cannot be stopped. The conversion may therefore succeed after the caller has left.
            attempt.Token.ThrowIfCancellationRequested();
            return ran
                ? InferReply.Of(new InferResult { Region = _region.Name, Model = _key.Model, Version = _key.Version, Variant = _key.Variant, Output = output! })
                : new InferReply { Refusal = TooManyConversions(size) };
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

    private Refusal TooManyConversions(long size) => new()
    {
        Code = RefusalCode.NoCapacity,
        Message = string.Create(
            CultureInfo.InvariantCulture,
            $"The region's texts to convert fill their queue ({ConversionQueue.MaxBytes} bytes a silo), which has no room for {size} more characters for '{_key.Model}'; try again shortly."),
        RetryAfterMs = 500,
    };
}
