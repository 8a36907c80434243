using Meridian.Errors;
using Meridian.Federation.Edge;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Generation.Answers;
using Meridian.Gateway.Generation.Resumption;
using Meridian.Gateway.Intake;
using Meridian.Messages.Generation;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Generation;

/// <summary>
/// The way of every request for text, streamed or not: read, opened through the edge, answered. Until the first frame is at hand an error is an ordinary status.
/// Whatever ends the answer (its end, an error, the caller who hangs up) disposes the stream, which stops the work in its region.
/// </summary>
internal sealed class GenerationPath(
    IEdge edge, RequestIntake intake, EventStream events, ResumablePath resumable, Random random, IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>How long after its deadline an answer may take to be written: the stream has ended by then, so what remains waits for a caller who does not read.</summary>
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(5);

    private readonly int _deadlineMs = options.Value.DefaultGenerationDeadlineMs;
    private readonly TimeSpan _longestSilence = TimeSpan.FromMilliseconds(options.Value.HeartbeatMs);

    public async Task ServeAsync(HttpContext context, AnswerShape shape, BodyParser<long, GenerationRequest> parse)
    {
        var (taken, request, head) = await intake.ReceiveAsync(context, _deadlineMs, random.NextInt64(), parse);
        if (!taken)
        {
            return;
        }

        if (request.Stream && resumable.Takes(context))
        {
            // An edge that lost the stream computes it again: what its caller has must be its beginning.
            await resumable.ServeAsync(context, shape, request with { Input = request.Input with { Reproducible = true } }, head);
            return;
        }

        var opening = await edge.OpenAsync(intake.ForEdge(context, head, request.Model, request.Input, request.Tier, request.Affinity), whole: !request.Stream, context.RequestAborted);
        EdgeHeaders.Write(context.Response, opening.Region, opening.Attempts);
        if (opening.Stream is not { } stream)
        {
            var refusal = opening.Refusal ?? throw new InvalidOperationException("The edge opened neither a stream nor refused to.");
            await intake.RefuseAsync(context, head, refusal.ToApiError(shape.InputField));
            return;
        }

        // Its disposal waits for its callback: the server uses the context again.
        await using var limit = time.CreateTimer(static context => ((HttpContext)context!).Abort(), context, TimeSpan.FromMilliseconds(intake.RemainingMs(head)) + LastWrites, Timeout.InfiniteTimeSpan);
        await using (stream)
        {
            try
            {
                var frame = await stream.ReadAsync(context.RequestAborted);
                context.Response.Headers[GatewayHeaders.ModelVersion] = stream.Head.Version;
                if (request.Stream)
                {
                    intake.Stamp(context, head);
                    await events.WriteAsync(context, request, shape, stream, frame, _longestSilence);
                }
                else
                {
                    await AnswerAsync(context, request, shape, stream, frame, head);
                }
            }
            catch (MeridianException exception) when (!context.Response.HasStarted)
            {
                await intake.RefuseAsync(context, head, exception.Refusal.ToApiError(shape.InputField));
            }
        }
    }

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
