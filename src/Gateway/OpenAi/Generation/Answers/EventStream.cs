using System.IO.Pipelines;
using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>
/// An answer as server-sent events: what a frame brings is written straight into the response's pipe and flushed once. The flush is awaited before the next frame is
/// read, so that a slow caller holds the stream back instead of filling memory. Once it has begun, an error is the last event, without <c>[DONE]</c>.
/// </summary>
internal sealed partial class EventStream(ClosingDoors doors, TimeProvider time, ILogger<EventStream> logger)
{
    /// <param name="context">The request; its answer's headers are set but for those of an event stream.</param>
    /// <param name="request">As it was read.</param>
    /// <param name="shape">Of the answer.</param>
    /// <param name="stream">The stream, its first frame read. Its disposal is the caller's.</param>
    /// <param name="frame">The first frame.</param>
    /// <param name="longestSilence">After which a comment is sent.</param>
    /// <param name="ends">Fires when the caller goes, and when the doors are closed for good; the stream was opened with it.</param>
    public async Task WriteAsync(
        HttpContext context, GenerationRequest request, AnswerShape shape, IRegionStream stream, StreamFrame? frame, TimeSpan longestSilence, CancellationToken ends)
    {
        var pipe = Prepare(context);
        var aborted = context.RequestAborted;
        try
        {
            await WriteTokensAsync(pipe, request, shape, stream, frame, longestSilence, ends);
        }
        catch (Exception) when (aborted.IsCancellationRequested)
        {
            // Whatever it was: nobody is left to tell, and it is no fault.
            aborted.ThrowIfCancellationRequested();
        }
        catch (Exception) when (doors.Over.IsCancellationRequested)
        {
            ChunkWriter.Error(pipe, ApiError.ShuttingDown);
        }
        catch (MeridianException exception)
        {
            ChunkWriter.Error(pipe, exception.Refusal.ToApiError(shape.InputField));
        }
        catch (Exception exception)
        {
            LogFault(logger, context.TraceIdentifier, exception);
            ChunkWriter.Error(pipe, ApiError.Fault(context.TraceIdentifier));
        }

        await pipe.FlushAsync(aborted);
    }

    /// <summary>Makes the answer one of events, which proxies and servers pass on as they come.</summary>
    public static PipeWriter Prepare(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted)
            return response.BodyWriter;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers[GatewayHeaders.AccelBuffering] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return response.BodyWriter;
    }

    private async Task WriteTokensAsync(
        PipeWriter pipe, GenerationRequest request, AnswerShape shape, IRegionStream stream, StreamFrame? frame, TimeSpan longestSilence, CancellationToken aborted)
    {
        var head = stream.Head;
        var chunks = shape.Chunks(AnswerIdentity.Draw(shape, head, request, time), request, head);
        var tokens = 0L;
        var open = request.Input.Choices;
        var written = chunks.Begin(pipe);
        using var silence = new SilenceWatch(time, longestSilence);
        while (frame is not null)
        {
            chunks.Inexact |= frame.Inexact;
            foreach (var group in frame.Groups)
            {
                tokens += group.TokenIds.Length;
                written |= chunks.Write(pipe, group);
                open -= group.Finish is null ? 0 : 1;
            }

            if (frame.End)
            {
                break;
            }

            if (written)
            {
                written = false;
                var flushed = await pipe.FlushAsync(aborted);
                if (flushed.IsCompleted)
                {
                    // Nobody reads any more.
                    return;
                }

                silence.Sent();
            }

            silence.Watch(stream.ReadAsync(aborted));
            while (!await silence.WaitAsync())
            {
                ChunkWriter.Ping(pipe);
                await pipe.FlushAsync(aborted);
                silence.Sent();
            }

            frame = silence.Result();
        }

        if (open != 0)
        {
            throw new InvalidOperationException($"The stream {head.Stream} of '{head.Model}' ended before its choices.");
        }

        if (request.IncludeUsage)
        {
            chunks.Usage(pipe, new TokenUsage(head.PromptTokens, head.CachedTokens, tokens));
        }

        ChunkWriter.Done(pipe);
    }
}
