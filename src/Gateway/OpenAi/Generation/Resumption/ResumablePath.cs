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
/// Serves resumable streams. The problem: a caller can lose its connection to this edge, or the edge itself can stop, in the middle of a streamed answer.
/// With <c>x-meridian-resumable: 1</c> every event has an id. The caller sends the same request again with <c>last-event-id</c> and gets the events that
/// follow.
/// <list type="bullet">
/// <item>The edge that holds the stream goes on where the caller left off. No work is done twice.</item>
/// <item>Another edge, or an edge whose stream begins after the caller's event, computes the answer again up to that event and then goes on. It uses the same
/// seed, version and variant and sends nothing of the repeated part. The guarantee is the same as for a stream whose region is lost: the same text if the
/// arithmetic is the same.</item>
/// </list>
/// Several requests for one answer can arrive at once. They meet at its <see cref="ResumableStreams.Place"/>: the first request makes the stream, and the
/// others take it over one after another.
/// </summary>
internal sealed partial class ResumablePath(
    RequestIntake intake, ResumableStreams streams, EventIds ids, LastingOpener opener, RepeatedAnswer repeated, FacadeShutdown shutdown, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ResumablePath> logger)
{
    private readonly TimeSpan _longestSilence = TimeSpan.FromMilliseconds(options.Value.HeartbeatMs);

    /// <summary>
    /// Serves a request that asks for event ids or sends one back. Returns false if the request does neither, or if there is no room for a new resumable
    /// stream; the caller then serves it as an ordinary stream.
    /// </summary>
    /// <param name="seeded">Whether the caller gave the seed.</param>
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
        var message = intake.ForEdge(context, head, request.Model, request.Input, request.Tier, request.Affinity, request.User);
        var start = new StreamStart(context, intake, head, _longestSilence, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, shutdown.StreamsEnd);
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
        catch (OperationCanceledException) when (shutdown.StreamsEnd.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await start.RefuseAsync(ApiError.ShuttingDown);
        }

        return true;
    }

    /// <summary>Returns the error of a <c>last-event-id</c> that cannot be used, or null if it is good.</summary>
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

    /// <summary>Becomes the reader of a stream that this edge holds. Returns null if that stream cannot serve the caller.</summary>
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
            // This stream cannot go on. End it; the caller computes the answer again, which may succeed.
            await visit.EndAsync(stream);
            return null;
        }
        finally
        {
            if (!joined)
                reader.Dispose();
        }
    }

    /// <summary>Stores a new stream at its place and becomes its reader.</summary>
    private static async Task<ResumableStream.Reader> KeepAsync(ResumableStreams.Visit visit, ResumableStream stream, CancellationToken ends)
    {
        await visit.PutAsync(stream);
        return await stream.AttachAsync(ends) ?? throw new OperationCanceledException("The stream was taken over, or the process stops.", ends);
    }

    /// <summary>Writes the events that the caller does not have, then the new ones as they come.</summary>
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

            // A returning caller may have received its part from another edge, which used another region.
            chunks.Inexact = stream.Beginning.Inexact || id?.MayDifferFrom(stream.Head) == true;
            var prefix = EventId.Prefix(stream.Identity.Id, stream.Identity.Created, stream.Request.Input.Sampling.Seed, stream.Head, stream.Digest);
            var events = new ResumableEvents(chunks, ids, prefix, tokens, finished);
            try
            {
                // Flush the headers before the first token, so that the client knows at once that the answer is resumable.
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
                    // The connection is gone. The next reader of the stream goes on.
                    context.Abort();
                    return;
                }

                if (stream.Request.IncludeUsage)
                    chunks.Usage(pipe, new TokenUsage(stream.Head.PromptTokens, stream.Head.CachedTokens, events.Tokens));
                ChunkWriter.Done(pipe);
            }
            catch (Exception) when (shutdown.StreamsEnd.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
            {
                ChunkWriter.Error(pipe, ApiError.ShuttingDown);
            }
            catch (Exception exception) when (reader.Token.IsCancellationRequested || exception is OperationCanceledException)
            {
                // Either the connection is gone or another reader has taken over: the stream stays for the next reader. If neither is the case, the stream
                // itself was ended.
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

    /// <summary>
    /// Returns false if the caller has stopped reading. The server reports this first in the flush result and only later through the caller's token.
    /// </summary>
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

    /// <summary>
    /// Returns false if the connection is gone. An exception of the flush means the end of the connection and is no fault of the stream. The exception:
    /// during the final shutdown it is rethrown, and the caller is told.
    /// </summary>
    private async Task<bool> FlushedAsync(PipeWriter pipe, CancellationToken cancellationToken)
    {
        try
        {
            return !(await pipe.FlushAsync(cancellationToken)).IsCompleted;
        }
        catch (Exception) when (!shutdown.StreamsEnd.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 5011, EventName = "ResumableStreamFault", Level = LogLevel.Error, Message = "The resumable stream of request {RequestId} failed by a fault of ours")]
    private static partial void LogFault(ILogger logger, string requestId, Exception exception);

    /// <param name="Reader">The reader that serves the caller, or null.</param>
    /// <param name="Error">Why there is no reader, or null.</param>
    /// <param name="Region">Region that answered, or null.</param>
    /// <param name="Attempts">Number of regions that were tried; null if the stream was already on this edge.</param>
    private sealed record Found(ResumableStream.Reader? Reader, ApiError? Error, string? Region, int? Attempts);
}
