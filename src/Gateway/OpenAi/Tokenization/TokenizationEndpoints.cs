using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using Meridian.Federation.Edge;
using Meridian.Gateway.Access;
using Meridian.Gateway.Bodies;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.OpenAi.Tokenization;

/// <summary><c>POST /tokenize</c> and <c>POST /detokenize</c>, in vLLM's format. The tokenizer of the serving region does the work.</summary>
internal sealed class TokenizationEndpoints(IEdge edge, RequestIntake intake, IOptions<GatewayOptions> options)
{
    private readonly int _deadlineMs = options.Value.DefaultDeadlineMs;

    public Task TokenizeAsync(HttpContext context) => ServeAsync<TokenizeOutput, TokenizeResponse>(
        context,
        "prompt",
        static (in ReadOnlySequence<byte> body, int _, out TokenizationRequest request) => TokenizeRequestReader.Read(body, out request),
        static output => new TokenizeResponse { Count = output.TokenIds.Length, ContextLength = output.ContextLength, Tokens = output.TokenIds, Texts = output.Texts },
        TokenizationJson.Default.TokenizeResponse);

    public Task DetokenizeAsync(HttpContext context) => ServeAsync<DetokenizeOutput, DetokenizeResponse>(
        context,
        "tokens",
        static (in ReadOnlySequence<byte> body, int _, out TokenizationRequest request) => DetokenizeRequestReader.Read(body, out request),
        static output => new DetokenizeResponse { Prompt = output.Text },
        TokenizationJson.Default.DetokenizeResponse);

    private async Task ServeAsync<TOutput, TResponse>(
        HttpContext context, string input, BodyParser<int, TokenizationRequest> parse, Func<TOutput, TResponse> answerOf, JsonTypeInfo<TResponse> json)
        where TOutput : InferOutput
    {
        var (taken, request, head) = await intake.ReceiveAsync(context, _deadlineMs, 0, parse);
        if (!taken)
        {
            return;
        }

        var answer = await edge.InferAsync(intake.ForEdge(context, head, request.Model, request.Input), context.RequestAborted);
        EdgeHeaders.Write(context.Response, answer.Region, answer.Attempts);
        if (answer.Reply.Result is not { } result)
        {
            var refusal = answer.Reply.Refusal ?? throw new InvalidOperationException("The edge answered neither a result nor a refusal.");
            await intake.RefuseAsync(context, head, refusal.ToApiError(input));
            return;
        }

        if (result.Output is not TOutput output)
        {
            throw new InvalidOperationException($"The model '{result.Model}' of region '{result.Region}' answered {result.Output.GetType().Name} where {typeof(TOutput).Name} was asked for.");
        }

        context.Response.Headers[GatewayHeaders.ModelVersion] = result.Version;
        intake.Stamp(context, head);
        await context.Response.WriteAsJsonAsync(answerOf(output), json, contentType: null, context.RequestAborted);
    }
}
