using System.IO.Pipelines;
using Meridian.Errors;
using Meridian.Gateway.Access;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// Streamed answers whose callers may lose their connection to this edge, or the edge itself, and go on: with <c>x-meridian-resumable: 1</c> every event has an id, and the same request
/// sent again with <c>last-event-id</c> is answered with what follows that event.
/// <list type="bullet">
/// <item>At the edge that has the stream: from where the caller left off, without any work done twice.</item>
/// <item>At another edge, or where the stream there begins later: the answer is computed again up to there (same seed, version and variant; nothing of it is sent) and goes on. The same
/// guarantee as for a stream whose region is lost: the same text where the arithmetic is the same.</item>
/// </list>
/// Requests for one answer that come at once meet at its <see cref="ResumableStreams.Place"/>: the first makes the stream, the others take over from it in turn.
/// </summary>
internal sealed partial class ResumablePath(
    RequestIntake intake, ResumableStreams streams, EventIds ids, LastingOpener opener, RepeatedAnswer repeated, ClosingDoors doors, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ResumablePath> logger)
{
    private readonly TimeSpan _longestSilence = TimeSpan.FromMilliseconds(options.Value.HeartbeatMs);

    /// <summary>Serves a request that asks for event ids, or comes back with one. False: it does not, or there is no room; it is then served as any other.</summary>
    /// <param name="context">The request.</param>
    /// <param name="shape">Of the answer.</param>
    /// <param name="request">As it was read.</param>
    /// <param name="seeded">Whether its seed is the caller's.</param>
    /// <param name="head">Its head.</param>
    public async Task<bool> TryServeAsync(HttpContext context, AnswerShape shape, GenerationRequest request, bool seeded, RequestHead head)
    {
        var headers = context.Request.Headers;
        var last = headers[GatewayHeaders.LastEventId].ToString();
        if (last.Length == 0 && headers[GatewayHeaders.Resumable] != "1")
            return false;
        var digest = RequestDigest.Of(head.Caller.Tenant, shape, request, seeded);
        EventId? id = null;
        if (last.Length > 0 && Mistake(last, request, digest, out id) is { } error)
        {
            await intake.RefuseAsync(context, head, error);
            return true;
        }

        var answer = id?.Answer ?? AnswerIdentity.DrawId(shape);
        using var visit = streams.Enter(new AnswerKey(head.Caller.Tenant, answer));
        context.Response.Headers[GatewayHeaders.Resumable] = visit is null ? "0" : "1";
        if (visit is null)
        {
            if (id is null)
                return false;
            await intake.RefuseAsync(context, head, NoPlace());
            return true;
        }

        if (id is not null)
            request = request with { Input = request.Input with { Sampling = request.Input.Sampling with { Seed = id.Seed } } };
        var message = intake.ForEdge(context, head, request.Model, request.Input, request.Tier, request.Affinity);
        var start = new StreamStart(context, intake, head, _longestSilence, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, doors.Over);
        try
        {
            var found = await start.WaitAsync(id is null
                ? BeginAsync(visit, shape, request, message, answer, digest, ends.Token)
                : ResumeAsync(visit, shape, request, message with { Version = id.Version, Variant = id.Variant }, id, ends.Token));
            start.Tell(found.Region, found.Attempts, found.Reader?.Stream.Head.Version);
            if (found.Reader is { } reader)
                await FollowAsync(context, visit, reader, head, id);
            else
                await start.RefuseAsync(found.Error!);
        }
        catch (OperationCanceledException) when (doors.Over.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await start.RefuseAsync(ApiError.ShuttingDown);
        }

        return true;
    }

    /// <summary>What is wrong with an event's id, or null.</summary>
    private ApiError? Mistake(string text, GenerationRequest request, string digest, out EventId? id)
    {
        if (!EventId.TryParse(text, out id) || id.Tokens.Length != request.Input.Choices)
        {
            return ApiError.Invalid(
                "invalid_header",
                $"The header {GatewayHeaders.LastEventId} is not the id of an event of this request: send back the last id that came, with the same body.",
                GatewayHeaders.LastEventId);
        }

        if (!ids.IsOurs(id))
            return RepeatedAnswer.CannotResume("its id was changed, or given out by an edge that does not share this one's Gateway:ResumeKey (without that setting an id holds for one process)");
        return id.Digest == digest ? null : RepeatedAnswer.CannotResume("its id is of another request; the body, its seed included, must be the same");
    }

    private ApiError NoPlace() => streams.Keeps
        ? new ApiError(StatusCodes.Status503ServiceUnavailable, ApiError.Server, "no_capacity", "This edge has as many resumable streams as it keeps; try again shortly.") { RetryAfterMs = 1000, ShouldRetry = true }
        : RepeatedAnswer.CannotResume("this edge keeps no streams (Gateway:ResumeSeconds or Gateway:MaxResumableStreams is 0)");

    private async Task<Found> BeginAsync(
        ResumableStreams.Visit visit, AnswerShape shape, GenerationRequest request, InferRequest message, string answer, string digest, CancellationToken ends)
    {
        var opening = await opener.OpenAsync(message, ends);
        if (opening.Opened is not { } opened)
            return new Found(null, opening.Refusal!.ToApiError(shape.InputField), opening.Region, opening.Attempts);
        var identity = AnswerIdentity.Of(answer, time.GetUtcNow().ToUnixTimeSeconds(), shape, opened.Stream.Head, request);
        var stream = new ResumableStream(request, shape, identity, digest, AnswerBeginning.None(request.Input.Choices), opened.Stream, opened.First, opened.Ends);
        return new Found(await KeepAsync(visit, stream, ends), null, opening.Region, opening.Attempts);
    }

    private async Task<Found> ResumeAsync(ResumableStreams.Visit visit, AnswerShape shape, GenerationRequest request, InferRequest message, EventId id, CancellationToken ends)
    {
        await visit.Gate.WaitAsync(ends);
        try
        {
            if (visit.Stream is { } known && await JoinAsync(visit, known, id, ends) is { } joined)
                return new Found(joined, null, known.Head.Region, null);
            var result = await repeated.ComputeAsync(shape, request, message, id, ends);
            return new Found(result.Stream is { } stream ? await KeepAsync(visit, stream, ends) : null, result.Error, result.Region, result.Attempts);
        }
        finally
        {
            visit.Gate.Release();
        }
    }

    /// <summary>Becomes the reader of a stream that is here; null where it cannot serve the caller.</summary>
    private async Task<ResumableStream.Reader?> JoinAsync(ResumableStreams.Visit visit, ResumableStream stream, EventId id, CancellationToken ends)
    {
        if (await stream.AttachAsync(ends) is not { } reader)
        {
            ends.ThrowIfCancellationRequested();
            return null;
        }

        var joined = false;
        try
        {
            joined = await reader.ReachesAsync(id.Tokens, id.Finished, time);
            return joined ? reader : null;
        }
        catch (Exception exception) when (exception is MeridianException || !reader.Token.IsCancellationRequested)
        {
            // It cannot go on; computed again the answer may.
            await visit.EndAsync(stream);
            return null;
        }
        finally
        {
            if (!joined)
                reader.Dispose();
        }
    }

    /// <summary>Leaves a new stream at its place, and becomes its reader.</summary>
    private static async Task<ResumableStream.Reader> KeepAsync(ResumableStreams.Visit visit, ResumableStream stream, CancellationToken ends)
    {
        await visit.PutAsync(stream);
        return await stream.AttachAsync(ends) ?? throw new OperationCanceledException("The stream was taken over, or the process stops.", ends);
    }

    /// <summary>Writes what the caller lacks, then what comes.</summary>
    private async Task FollowAsync(HttpContext context, ResumableStreams.Visit visit, ResumableStream.Reader reader, RequestHead head, EventId? id)
    {
        var stream = reader.Stream;
        var (tokens, finished) = (id?.Tokens ?? new int[stream.Request.Input.Choices], id?.Finished ?? new bool[stream.Request.Input.Choices]);
        var broken = false;
        try
        {
            if (!context.Response.HasStarted)
                intake.Stamp(context, head);
            var pipe = EventStream.Prepare(context);
            var chunks = stream.Shape.Chunks(stream.Identity, stream.Request, stream.Head);

            // A caller who comes back may have its part from another edge, computed in another region.
            chunks.Inexact = stream.Beginning.Inexact || id?.MayDifferFrom(stream.Head) == true;
            var prefix = EventId.Prefix(stream.Identity.Id, stream.Identity.Created, stream.Request.Input.Sampling.Seed, stream.Head, stream.Digest);
            var events = new ResumableEvents(chunks, ids, prefix, tokens, finished);
            try
            {
                // Whoever comes back is told at once that there is something to come back to.
                if (!await FlushedAsync(pipe, reader.Token))
                {
                    context.Abort();
                    return;
                }

                foreach (var group in stream.Beginning.Known)
                    events.Skip(group);
                for (var choice = 0; choice < finished.Length; choice++)
                {
                    if (stream.Beginning.Finished[choice] is { } reason)
                        events.Finish(pipe, choice, reason);
                }

                if (!await WriteAsync(pipe, stream, reader, events))
                {
                    // Gone: whoever comes next goes on.
                    context.Abort();
                    return;
                }

                if (stream.Request.IncludeUsage)
                    chunks.Usage(pipe, new TokenUsage(stream.Head.PromptTokens, stream.Head.CachedTokens, events.Tokens));
                ChunkWriter.Done(pipe);
            }
            catch (Exception) when (doors.Over.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
            {
                ChunkWriter.Error(pipe, ApiError.ShuttingDown);
            }
            catch (Exception exception) when (reader.Token.IsCancellationRequested || exception is OperationCanceledException)
            {
                // The reader is gone, or another has taken over: the next one goes on. Where neither is so, the stream itself was ended.
                broken = !reader.Token.IsCancellationRequested;
                context.Abort();
                return;
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
        }
        finally
        {
            reader.Dispose();
            if (broken)
                await visit.EndAsync(stream);
        }
    }

    /// <summary>False where the caller does not read any more: the server says so by the flush, and only then by the caller's token.</summary>
    private async Task<bool> WriteAsync(PipeWriter pipe, ResumableStream stream, ResumableStream.Reader reader, ResumableEvents events)
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
                if (!await FlushedAsync(pipe, reader.Token))
                    return false;
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
            if (!await FlushedAsync(pipe, reader.Token))
                return false;
        }

        return events.AllFinished ? true : throw new InvalidOperationException($"The stream {stream.Head.Stream} of '{stream.Head.Model}' ended before its choices.");
    }

    /// <summary>False where nobody reads any more. Whatever a write ends with, it is the connection's end and no fault of the stream; unless the doors close, which the caller is told.</summary>
    private async Task<bool> FlushedAsync(PipeWriter pipe, CancellationToken cancellationToken)
    {
        try
        {
            return !(await pipe.FlushAsync(cancellationToken)).IsCompleted;
        }
        catch (Exception) when (!doors.Over.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 5011, EventName = "ResumableStreamFault", Level = LogLevel.Error, Message = "The resumable stream of request {RequestId} failed by a fault of ours")]
    private static partial void LogFault(ILogger logger, string requestId, Exception exception);

    /// <param name="Reader">The caller as the reader of its answer, or null.</param>
    /// <param name="Error">Why it is none, or null.</param>
    /// <param name="Region">Region that answered, or null.</param>
    /// <param name="Attempts">Regions that were tried; null where the stream was here already.</param>
    private sealed record Found(ResumableStream.Reader? Reader, ApiError? Error, string? Region, int? Attempts);
}
