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
/// Writes an answer as server-sent events. The events of a frame are written straight into the response's pipe and flushed once. The flush is awaited before
/// the next frame is read, so that a slow caller slows the stream down instead of filling memory.
/// Once the stream has begun, an error is its last event, and <c>[DONE]</c> is not sent.
/// </summary>
internal sealed partial class EventStream(FacadeShutdown shutdown, TimeProvider time, ILogger<EventStream> logger)
{
    /// <param name="context">The headers of its response are set, except those of an event stream.</param>
    /// <param name="stream">The stream; its first frame is already read. The caller of this method disposes it.</param>
    /// <param name="longestSilence">Time without an event after which a comment is sent.</param>
    /// <param name="ends">Fires when the caller goes, and when the shutdown ends all streams. The stream was opened with this token.</param>
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
            // The caller has gone. There is nobody to tell, and no exception counts as a fault.
            aborted.ThrowIfCancellationRequested();
        }
        catch (Exception) when (shutdown.StreamsEnd.IsCancellationRequested)
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

    /// <summary>Sets the headers of an event stream, so that proxies and servers forward each event at once.</summary>
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
                    // The caller has stopped reading.
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
