using System.IO.Pipelines;
using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Gateway.Callers;
using Meridian.Gateway.Closing;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Generation.Answers;
using Meridian.Gateway.Intake;
using Meridian.Messages;
using Meridian.Messages.Generation;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Generation.Resumption;

/// <summary>
/// Streamed answers whose callers may lose their connection to this edge, or the edge itself, and go on: with <c>x-meridian-resumable: 1</c> every event has an id, and the same request
/// sent again with <c>last-event-id</c> is answered with what follows that event.
/// <list type="bullet">
/// <item>At the edge that has the stream: from where the caller left off, without any work done twice.</item>
/// <item>At another edge: the answer is computed again up to there (same seed, version and variant; nothing of it is sent) and goes on. The same guarantee as for a stream whose region
/// is lost: the same text where the arithmetic is the same.</item>
/// </list>
/// </summary>
internal sealed partial class ResumablePath(
    IEdge edge, RequestIntake intake, CallerResolver callers, ResumableStreams streams, ClosingDoors doors, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ResumablePath> logger)
{
    private readonly TimeSpan _longestSilence = TimeSpan.FromMilliseconds(options.Value.HeartbeatMs);

    /// <summary>Whether the caller asks for it, and there is room.</summary>
    public bool Takes(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers[GatewayHeaders.LastEventId].Count > 0)
            return true;
        if (headers[GatewayHeaders.Resumable] != "1")
            return false;
        var room = streams.HasRoom;
        context.Response.Headers[GatewayHeaders.Resumable] = room ? "1" : "0";
        return room;
    }

    public async Task ServeAsync(HttpContext context, AnswerShape shape, GenerationRequest request, RequestHead head)
    {
        var text = context.Request.Headers[GatewayHeaders.LastEventId].ToString();
        if (text.Length == 0)
        {
            await BeginAsync(context, shape, request, head);
            return;
        }

        if (!EventId.TryParse(text, out var id) || id.Tokens.Length != request.Input.Choices)
        {
            await intake.RefuseAsync(context, head, ApiError.Invalid(
                "invalid_header",
                $"The header {GatewayHeaders.LastEventId} is not the id of an event of this request: send back the last id that came, with the same body.",
                GatewayHeaders.LastEventId));
            return;
        }

        context.Response.Headers[GatewayHeaders.Resumable] = "1";
        if (streams.TryFind(id.Answer, callers.Resolve(context).Tenant, out var stream) && await FollowAsync(context, stream, head, id.Tokens, id.Finished))
            return;
        await RepeatAsync(context, shape, request, head, id);
    }

    private async Task BeginAsync(HttpContext context, AnswerShape shape, GenerationRequest request, RequestHead head)
    {
        var message = intake.ForEdge(context, head, request.Model, request.Input, request.Tier, request.Affinity);
        var opened = await OpenAsync(context, shape, head, message);
        if (opened is not { } opening)
            return;
        var identity = AnswerIdentity.Draw(shape, opening.Stream.Head, request, time);
        var stream = Keep(context, shape, request, identity, opening);
        await FollowAsync(context, stream, head, new int[request.Input.Choices], new bool[request.Input.Choices]);
    }

    /// <summary>Computes again what the caller has, and goes on from there.</summary>
    private async Task RepeatAsync(HttpContext context, AnswerShape shape, GenerationRequest request, RequestHead head, EventId id)
    {
        var input = request.Input with { Sampling = request.Input.Sampling with { Seed = id.Seed } };
        request = request with { Input = input };
        var message = intake.ForEdge(context, head, request.Model, input, request.Tier, request.Affinity) with { Version = id.Version, Variant = id.Variant };
        var longest = id.Tokens.Max();
        int[][] told = [.. id.Tokens.Select(_ => Array.Empty<int>())];
        FinishReason?[] finished = new FinishReason?[id.Tokens.Length];
        TokenGroup[] known = [];
        StreamHead? first = null;
        if (longest > 0)
        {
            var again = message with { Input = input with { MaxTokens = longest, Echo = false } };
            if (await OpenAsync(context, shape, head, again) is not { } opening)
                return;
            first = opening.Stream.Head;
            try
            {
                (told, finished, known) = await GatherAsync(opening, id.Tokens, input.MaxTokens);
            }
            catch (MeridianException exception)
            {
                await intake.RefuseAsync(context, head, exception.Refusal.ToApiError(shape.InputField));
                return;
            }
            finally
            {
                await opening.Stream.DisposeAsync();
                opening.Ends.Dispose();
            }

            for (var choice = 0; choice < told.Length; choice++)
            {
                if (told[choice].Length == id.Tokens[choice])
                    continue;
                await intake.RefuseAsync(context, head, new ApiError(
                    StatusCodes.Status409Conflict, ApiError.InvalidRequest, "cannot_resume",
                    $"Choice {choice} cannot go on: computed again it ends after {told[choice].Length} tokens, but {id.Tokens[choice]} had been sent. Send the request without {GatewayHeaders.LastEventId}.",
                    GatewayHeaders.LastEventId));
                return;
            }
        }

        var identity = first is null ? null : AnswerIdentity.Of(id.Answer, id.Created, shape, first, request);
        var left = Enumerable.Range(0, told.Length).Where(choice => finished[choice] is null && !id.Finished[choice]).ToArray();
        if (left.Length == 0 && identity is not null)
        {
            await EndAsync(context, shape, request, identity, first!, id, finished, head);
            return;
        }

        var rest = first is null
            ? message
            : message with { Input = input.GoingOn(first, Array.ConvertAll(left, choice => new ChoiceResume { Choice = choice, TokenIds = told[choice] })) };
        if (await OpenAsync(context, shape, head, rest) is not { } onward)
            return;
        identity ??= AnswerIdentity.Of(id.Answer, id.Created, shape, onward.Stream.Head, request);
        var stream = Keep(context, shape, request, identity, onward);
        await FollowAsync(context, stream, head, id.Tokens, id.Finished, known, finished);
    }

    /// <summary>Ids of each choice up to what the caller has, why those ended that are done there, and the tokens as they came.</summary>
    private static async Task<(int[][] Told, FinishReason?[] Finished, TokenGroup[] Known)> GatherAsync(Opened opening, int[] wanted, int? maxTokens)
    {
        var told = Array.ConvertAll(wanted, static count => new List<int>(count));
        var finished = new FinishReason?[wanted.Length];
        var known = new List<TokenGroup>();
        for (var frame = opening.First; frame is not null; frame = frame.End || Enough() ? null : await opening.Stream.ReadAsync(opening.Ends.Token))
        {
            foreach (var group in frame.Groups)
            {
                var count = Math.Min(group.TokenIds.Length, wanted[group.Choice] - told[group.Choice].Count);
                if (count > 0)
                    known.Add(group with { TokenIds = group.TokenIds[..count], Logprobs = group.Logprobs?[..count] });
                told[group.Choice].AddRange(group.TokenIds);

                // Cut off by the limit of the repetition, not by the request's own, it goes on.
                var cut = group.Finish == FinishReason.Length && told[group.Choice].Count != maxTokens;
                if (told[group.Choice].Count == wanted[group.Choice] && !cut)
                    finished[group.Choice] = group.Finish;
            }
        }

        return (Array.ConvertAll(Enumerable.Range(0, told.Length).ToArray(), choice => told[choice].Take(wanted[choice]).ToArray()), finished, [.. known]);

        bool Enough() => Enumerable.Range(0, told.Length).All(choice => told[choice].Count > wanted[choice]);
    }

    /// <summary>Nothing but the end was lost.</summary>
    private async Task EndAsync(
        HttpContext context, AnswerShape shape, GenerationRequest request, AnswerIdentity identity, StreamHead opened, EventId id, FinishReason?[] finished, RequestHead head)
    {
        intake.Stamp(context, head);
        var pipe = Prepare(context, opened);
        var chunks = shape.Chunks(identity, request, opened);
        var events = new ResumableEvents(chunks, EventId.Prefix(identity.Id, identity.Created, id.Seed, opened), id.Tokens, id.Finished);
        Finish(pipe, events, finished);
        WriteEnd(pipe, chunks, request, opened, events);
        await pipe.FlushAsync(context.RequestAborted);
    }

    /// <summary>Writes what the caller lacks, then what comes. False: the stream was just ended.</summary>
    private async Task<bool> FollowAsync(HttpContext context, ResumableStream stream, RequestHead head, int[] tokens, bool[] finished, TokenGroup[]? known = null, FinishReason?[]? ended = null)
    {
        if (!streams.Attached(stream))
            return false;
        var broken = false;
        try
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, doors.Over);
            using var reader = await stream.AttachAsync(ends.Token);
            if (reader is null)
                return context.RequestAborted.IsCancellationRequested;
            intake.Stamp(context, head);
            var pipe = Prepare(context, stream.Head);
            var chunks = stream.Shape.Chunks(stream.Identity, stream.Request, stream.Head);
            var events = new ResumableEvents(chunks, EventId.Prefix(stream.Identity.Id, stream.Identity.Created, stream.Request.Input.Sampling.Seed, stream.Head), tokens, finished);
            try
            {
                // Whoever comes back is told at once that there is something to come back to.
                await pipe.FlushAsync(reader.Token);
                foreach (var group in known ?? [])
                    events.Skip(group);
                Finish(pipe, events, ended);
                await WriteAsync(pipe, stream, reader, events);
                WriteEnd(pipe, chunks, stream.Request, stream.Head, events);
            }
            catch (Exception) when (doors.Over.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
            {
                ChunkWriter.Error(pipe, ApiError.ShuttingDown);
            }
            catch (Exception) when (reader.Token.IsCancellationRequested)
            {
                // Gone, or taken over: whoever comes next goes on.
                context.Abort();
                return true;
            }
            catch (MeridianException exception)
            {
                broken = true;
                ChunkWriter.Error(pipe, exception.Refusal.ToApiError(stream.Shape.InputField));
            }
            catch (Exception exception)
            {
                broken = true;
                LogFault(logger, context.TraceIdentifier, exception);
                ChunkWriter.Error(pipe, ApiError.Fault(context.TraceIdentifier));
            }

            await pipe.FlushAsync(context.RequestAborted);
            return true;
        }
        finally
        {
            streams.Detached(stream);
            if (broken)
                streams.End(stream);
        }
    }

    private async Task WriteAsync(PipeWriter pipe, ResumableStream stream, ResumableStream.Reader reader, ResumableEvents events)
    {
        var written = events.Begin(pipe);
        while (true)
        {
            StreamFrame? frame;
            try
            {
                frame = await reader.ReadAsync(_longestSilence, time);
            }
            catch (TimeoutException)
            {
                ChunkWriter.Ping(pipe);
                if ((await pipe.FlushAsync(reader.Token)).IsCompleted)
                    throw new OperationCanceledException(reader.Token);
                continue;
            }

            if (frame is null)
                break;
            events.Note(frame);
            foreach (var group in frame.Groups)
                written |= events.Write(pipe, group);
            if (!written)
                continue;
            written = false;
            if ((await pipe.FlushAsync(reader.Token)).IsCompleted)
                throw new OperationCanceledException(reader.Token);
        }

        if (!events.AllFinished)
            throw new InvalidOperationException($"The stream {stream.Head.Stream} of '{stream.Head.Model}' ended before its choices.");
    }

    private static void Finish(PipeWriter pipe, ResumableEvents events, FinishReason?[]? ended)
    {
        for (var choice = 0; choice < ended?.Length; choice++)
        {
            if (ended[choice] is { } reason)
                events.Finish(pipe, choice, reason);
        }
    }

    private static void WriteEnd(PipeWriter pipe, ChunkWriter chunks, GenerationRequest request, StreamHead head, ResumableEvents events)
    {
        if (request.IncludeUsage)
            chunks.Usage(pipe, new TokenUsage(head.PromptTokens, head.CachedTokens, events.Tokens));
        ChunkWriter.Done(pipe);
    }

    private static PipeWriter Prepare(HttpContext context, StreamHead head)
    {
        var headers = context.Response.Headers;
        headers[GatewayHeaders.ModelVersion] = head.Version;
        if (headers[GatewayHeaders.Region].Count == 0)
            headers[GatewayHeaders.Region] = head.Region;
        return EventStream.Prepare(context);
    }

    private ResumableStream Keep(HttpContext context, AnswerShape shape, GenerationRequest request, AnswerIdentity identity, Opened opening)
    {
        var stream = new ResumableStream(callers.Resolve(context).Tenant, request, shape, identity, opening.Stream, opening.First, opening.Ends);
        streams.Add(stream);
        return stream;
    }

    /// <summary>Opens a stream that the caller's connection does not end, and reads its first frame; null where that was refused, and answered.</summary>
    private async Task<Opened?> OpenAsync(HttpContext context, AnswerShape shape, RequestHead head, InferRequest message)
    {
        var ends = new CancellationTokenSource();
        var kept = false;
        EdgeOpening? opening = null;
        try
        {
            // Until its first frame is here there is nothing to come back to.
            await using var caller = context.RequestAborted.UnsafeRegister(static ends => ((CancellationTokenSource)ends!).Cancel(), ends);
            opening = await edge.OpenAsync(message, ends.Token);
            EdgeHeaders.Write(context.Response, opening.Region, opening.Attempts);
            if (opening.Stream is not { } stream)
            {
                await intake.RefuseAsync(context, head, opening.Refusal!.ToApiError(shape.InputField));
                return null;
            }

            var first = await stream.ReadAsync(ends.Token);
            kept = true;
            return new Opened(stream, first, ends);
        }
        catch (MeridianException exception)
        {
            await intake.RefuseAsync(context, head, exception.Refusal.ToApiError(shape.InputField));
            return null;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            if (!kept)
            {
                if (opening?.Stream is { } stillborn)
                    await stillborn.DisposeAsync();
                ends.Dispose();
            }
        }
    }

    [LoggerMessage(EventId = 5011, EventName = "ResumableStreamFault", Level = LogLevel.Error, Message = "The resumable stream of request {RequestId} failed by a fault of ours")]
    private static partial void LogFault(ILogger logger, string requestId, Exception exception);

    /// <summary>A stream with its first frame read, and what ends it.</summary>
    private sealed record Opened(IRegionStream Stream, StreamFrame? First, CancellationTokenSource Ends);
}
