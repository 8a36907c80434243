using Meridian.Errors;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>Computes again the part of an answer that a caller already has, and then opens a stream for the rest.</summary>
internal sealed class RepeatedAnswer(LastingOpener opener)
{
    /// <param name="request">The caller's request, with the seed of the answer.</param>
    /// <param name="message">The request for the edge, pinned to the version and variant of the answer.</param>
    /// <param name="id">The last event that the caller has.</param>
    /// <param name="caller">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The caller has gone, or the facade ends its streams during shutdown.</exception>
    public async Task<Result> ComputeAsync(AnswerShape shape, GenerationRequest request, InferRequest message, EventId id, CancellationToken caller)
    {
        var choices = id.Tokens.Length;
        var longest = id.Tokens.Max();
        if (longest == 0)
        {
            var whole = await opener.OpenAsync(message, caller);
            return whole.Opened is { } begun ? Kept(shape, request, id, whole, begun, AnswerBeginning.None(choices), begun.Stream.Head) : Refused(whole, shape);
        }

        var again = await opener.OpenAsync(message with { Input = request.Input with { MaxTokens = longest, Echo = false, Arithmetic = id.Arithmetic.Length > 0 ? id.Arithmetic : null } }, caller);
        if (again.Opened is not { } opened)
            return Refused(again, shape);
        int[][] told;
        FinishReason?[] finished;
        TokenGroup[] known;
        bool inexact;
        var lasting = false;
        try
        {
            // The resumed stream outlives its caller. The repetition, which is only compared, need not.
            await using var left = caller.UnsafeRegister(static ends => ((CancellationTokenSource)ends!).Cancel(), opened.Ends);
            (told, finished, known, inexact) = await GatherAsync(opened, id.Tokens, request.Input.MaxTokens);
            for (var choice = 0; choice < choices; choice++)
            {
                if (told[choice].Length != id.Tokens[choice])
                    return new Result(null, CannotResume($"choice {choice}, computed again, ends after {told[choice].Length} tokens, but {id.Tokens[choice]} had been sent"), again.Region, again.Attempts);
            }

            inexact |= id.MayDifferFrom(opened.Stream.Head);
            var beginning = new AnswerBeginning(id.Tokens, known, finished, [.. finished.Select((reason, choice) => reason is null && id.Finished[choice])], inexact);
            var rest = Enumerable.Range(0, choices).Where(choice => finished[choice] is null && !id.Finished[choice]).ToArray();
            if (rest.Length == 0)
            {
                // All choices are complete: the caller missed at most finish reasons and the end of the stream.
                lasting = true;
                return Kept(shape, request, id, again, opened with { First = null }, beginning, opened.Stream.Head);
            }

            // An answer that is already inexact need not use the slower reproducible computation.
            var input = request.Input.GoingOn(opened.Stream.Head, Array.ConvertAll(rest, choice => new ChoiceResume { Choice = choice, TokenIds = told[choice] }));
            var onward = await opener.OpenAsync(message with { Input = input with { Reproducible = input.Reproducible && !inexact } }, caller);
            if (onward.Opened is not { } goingOn)
                return Refused(onward, shape);
            beginning = beginning with { Inexact = inexact || !opened.Stream.Head.HasArithmeticOf(goingOn.Stream.Head) };
            return Kept(shape, request, id, onward, goingOn, beginning, opened.Stream.Head);
        }
        catch (MeridianException exception)
        {
            return new Result(null, exception.Refusal.ToApiError(shape.InputField), again.Region, again.Attempts);
        }
        finally
        {
            if (!lasting)
            {
                await opened.Stream.DisposeAsync();
                opened.Ends.Dispose();
            }
        }
    }

    /// <summary>The error for an event id that this edge cannot resume from.</summary>
    public static ApiError CannotResume(string why) => new(
        StatusCodes.Status409Conflict, ApiError.InvalidRequest, "cannot_resume",
        $"The answer cannot go on: {why}. Send the request without {GatewayHeaders.LastEventId}.", GatewayHeaders.LastEventId);

    private static Result Refused(LastingOpener.Opening opening, AnswerShape shape) => new(null, opening.Refusal!.ToApiError(shape.InputField), opening.Region, opening.Attempts);

    private static Result Kept(
        AnswerShape shape, GenerationRequest request, EventId id, LastingOpener.Opening opening, LastingOpener.Opened opened, AnswerBeginning beginning, StreamHead head) => new(
        new ResumableStream(request, shape, AnswerIdentity.Of(id.Answer, id.Created, shape, head, request), id.Digest, beginning, opened.Stream, opened.First, opened.Ends),
        null,
        opening.Region,
        opening.Attempts);

    /// <summary>
    /// Reads the repeated part. Returns the token ids of each choice up to the caller's count, the finish reasons of the choices that end there, the token
    /// groups in their order of arrival, and whether any frame says that it is inexact.
    /// </summary>
    private static async Task<(int[][] Told, FinishReason?[] Finished, TokenGroup[] Known, bool Inexact)> GatherAsync(LastingOpener.Opened opening, int[] wanted, int? maxTokens)
    {
        var told = Array.ConvertAll(wanted, static count => new List<int>(count));
        var finished = new FinishReason?[wanted.Length];
        var known = new List<TokenGroup>();
        var inexact = false;
        for (var frame = opening.First; frame is not null; frame = frame.End || Enough() ? null : await opening.Stream.ReadAsync(opening.Ends.Token))
        {
            inexact |= frame.Inexact;
            foreach (var group in frame.Groups)
            {
                var count = Math.Min(group.TokenIds.Length, wanted[group.Choice] - told[group.Choice].Count);
                if (count > 0)
                    known.Add(group with { TokenIds = group.TokenIds[..count], Logprobs = group.Logprobs?[..count] });
                told[group.Choice].AddRange(group.TokenIds);

                // The limit of the repetition, not the limit of the request, ended this choice. It goes on.
                var cut = group.Finish == FinishReason.Length && told[group.Choice].Count != maxTokens;
                if (told[group.Choice].Count == wanted[group.Choice] && !cut)
                    finished[group.Choice] = group.Finish;
            }
        }

        return (Array.ConvertAll(Enumerable.Range(0, told.Length).ToArray(), choice => told[choice].Take(wanted[choice]).ToArray()), finished, [.. known], inexact);

        bool Enough() => Enumerable.Range(0, told.Length).All(choice => told[choice].Count > wanted[choice]);
    }

    /// <param name="Stream">The answer from the caller's position on, or null.</param>
    /// <param name="Error">Why there is no stream, or null.</param>
    /// <param name="Region">Region that answered, or null.</param>
    /// <param name="Attempts">Number of regions that were tried.</param>
    internal sealed record Result(ResumableStream? Stream, ApiError? Error, string? Region, int Attempts);
}
