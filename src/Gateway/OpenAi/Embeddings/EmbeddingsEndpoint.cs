using Meridian.Federation.Edge;
using Meridian.Gateway.Access;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.OpenAi.Embeddings;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal sealed class EmbeddingsEndpoint(IEdge edge, RequestIntake intake, IOptions<GatewayOptions> options)
{
    private readonly GatewayOptions _options = options.Value;

    public async Task HandleAsync(HttpContext context)
    {
        var (taken, request, head) = await intake.ReceiveAsync<int, EmbeddingRequest>(context, _options.DefaultDeadlineMs, _options.MaxItems, EmbeddingRequestReader.Read);
        if (!taken)
        {
            return;
        }

        var answer = await edge.InferAsync(intake.ForEdge(context, head, request.Model, request.Input, request.Tier, request.Affinity, request.User), context.RequestAborted);
        await AnswerAsync(context, request, answer, head);
    }

    private async Task AnswerAsync(HttpContext context, EmbeddingRequest request, EdgeAnswer answer, RequestHead head)
    {
        var response = context.Response;
        EdgeHeaders.Write(response, answer.Region, answer.Attempts);
        if (answer.Reply.Result is { } result)
        {
            if (result.Output is not EmbeddingOutput output || output.Rows != request.Input.Count)
            {
                throw new InvalidOperationException($"The model '{result.Model}' of region '{result.Region}' did not answer one vector for each of {request.Input.Count} items.");
            }

            response.Headers[GatewayHeaders.ModelVersion] = result.Version;
            intake.Stamp(context, head);
            response.ContentType = "application/json";
            await EmbeddingResponseWriter.WriteAsync(response, result.Model, output, request.Base64, context.RequestAborted);
            return;
        }

        var refusal = answer.Reply.Refusal ?? throw new InvalidOperationException("The edge answered neither a result nor a refusal.");
        await intake.RefuseAsync(context, head, refusal.ToApiError());
    }
}
