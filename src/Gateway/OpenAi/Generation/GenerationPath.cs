using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Federation.Regions;
using Meridian.Gateway.Access;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Gateway.OpenAi.Generation.Resumption;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.OpenAi.Generation;

/// <summary>
/// Handles chat completions and completions, streamed or not: reads the request, opens a stream through the edge, writes the answer.
/// Until the first frame has arrived, an error is an ordinary HTTP status. The exception is a streamed answer that has waited so long that its headers are
/// already sent (<see cref="StreamStart"/>).
/// However the answer ends (completed, failed, or the caller hung up), the stream is disposed, which stops the work in its region.
/// </summary>
internal sealed class GenerationPath(
    IEdge edge, RequestIntake intake, EventStream events, ResumablePath resumable, FacadeShutdown shutdown, Random random, IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>
    /// How long after the deadline an answer may still be written. The stream has ended by then, so the rest only waits for a caller who does not read.
    /// </summary>
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(5);

    private readonly int _deadlineMs = options.Value.DefaultGenerationDeadlineMs;
    private readonly TimeSpan _longestSilence = TimeSpan.FromMilliseconds(options.Value.HeartbeatMs);

    public async Task ServeAsync(HttpContext context, AnswerShape shape, BodyParser<long, GenerationRequest> parse)
    {
        var drawn = random.NextInt64();
        var (taken, request, head) = await intake.ReceiveAsync(context, _deadlineMs, drawn, parse);
        if (!taken)
        {
            return;
        }

        // The server reuses the context after this method. DisposeAsync waits for the timer's callback, so that a late Abort cannot hit the next request.
        await using var limit = time.CreateTimer(static context => ((HttpContext)context!).Abort(), context, TimeSpan.FromMilliseconds(intake.RemainingMs(head)) + LastWrites, Timeout.InfiniteTimeSpan);
        // Another edge may have to compute the answer again, and the caller's tokens must be the beginning of that answer. So the request is Reproducible.
        if (request.Stream && await resumable.TryServeAsync(context, shape, request with { Input = request.Input with { Reproducible = true } }, request.Input.Sampling.Seed != drawn, head))
        {
            return;
        }

        if (request.Stream)
        {
            await StreamAsync(context, request, shape, head);
        }
        else
        {
            await WholeAsync(context, request, shape, head);
        }
    }

    private async Task StreamAsync(HttpContext context, GenerationRequest request, AnswerShape shape, RequestHead head)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, shutdown.StreamsEnd);
        var start = new StreamStart(context, intake, head, _longestSilence, time);
        var message = intake.ForEdge(context, head, request.Model, request.Input, request.Tier, request.Affinity, request.User);
        EdgeOpening opening;
        StreamFrame? frame;
        try
        {
            (opening, frame) = await start.WaitAsync(OpenAsync(message, ends.Token));
        }
        catch (OperationCanceledException) when (shutdown.StreamsEnd.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await start.RefuseAsync(ApiError.ShuttingDown);
            return;
        }

        start.Tell(opening.Region, opening.Attempts, opening.Stream?.Head.Version);
        if (opening.Stream is not { } stream)
        {
            await start.RefuseAsync(RefusalOf(opening).ToApiError(shape.InputField));
            return;
        }

        await using (stream)
        {
            if (!context.Response.HasStarted)
            {
                intake.Stamp(context, head);
            }

            await events.WriteAsync(context, request, shape, stream, frame, _longestSilence, ends.Token);
        }
    }

    /// <summary>Opens a stream and reads its first frame. A refusal at the first read is reported as a refusal of the opening.</summary>
    private async Task<(EdgeOpening Opening, StreamFrame? First)> OpenAsync(InferRequest message, CancellationToken ends)
    {
        var opening = await edge.OpenAsync(message, ends);
        if (opening.Stream is not { } stream)
        {
            return (opening, null);
        }

        var kept = false;
        try
        {
            var first = await stream.ReadAsync(ends);
            kept = true;
            return (opening, first);
        }
        catch (MeridianException exception)
        {
            return (opening with { Stream = null, Refusal = exception.Refusal }, null);
        }
        finally
        {
            if (!kept)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private async Task WholeAsync(HttpContext context, GenerationRequest request, AnswerShape shape, RequestHead head)
    {
        var opening = await edge.OpenAsync(intake.ForEdge(context, head, request.Model, request.Input, request.Tier, request.Affinity, request.User), whole: true, context.RequestAborted);
        EdgeHeaders.Write(context.Response, opening.Region, opening.Attempts);
        if (opening.Stream is not { } stream)
        {
            await intake.RefuseAsync(context, head, RefusalOf(opening).ToApiError(shape.InputField));
            return;
        }

        await using (stream)
        {
            try
            {
                var frame = await stream.ReadAsync(context.RequestAborted);
                context.Response.Headers[GatewayHeaders.ModelVersion] = stream.Head.Version;
                await AnswerAsync(context, request, shape, stream, frame, head);
            }
            catch (MeridianException exception) when (!context.Response.HasStarted)
            {
                await intake.RefuseAsync(context, head, exception.Refusal.ToApiError(shape.InputField));
            }
        }
    }

    private static Refusal RefusalOf(EdgeOpening opening) => opening.Refusal ?? throw new InvalidOperationException("The edge opened neither a stream nor refused to.");

    private async Task AnswerAsync(HttpContext context, GenerationRequest request, AnswerShape shape, IRegionStream stream, StreamFrame? frame, RequestHead head)
    {
        var (choices, tokens, inexact) = await WholeAnswer.GatherAsync(stream, frame, request.Input.Choices, context.RequestAborted);
        var opened = stream.Head;
        intake.Stamp(context, head);
        await WholeAnswer.WriteAsync(
            context.Response,
            shape,
            AnswerIdentity.Draw(shape, opened, request, time),
            inexact,
            choices,
            opened.PromptTexts,
            new TokenUsage(opened.PromptTokens, opened.CachedTokens, tokens),
            context.RequestAborted);
    }
}
