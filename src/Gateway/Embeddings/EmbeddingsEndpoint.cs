using Meridian.Federation.Edge;
using Meridian.Gateway.Callers;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Intake;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Embeddings;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal sealed class EmbeddingsEndpoint(IEdge edge, CallerResolver callers, RequestIntake intake, IOptions<GatewayOptions> options)
{
    private readonly GatewayOptions _options = options.Value;

    public async Task HandleAsync(HttpContext context)
    {
        if (!intake.TryReadHead(context, _options.DefaultDeadlineMs, out var head, out var error))
        {
            await intake.RefuseAsync(context, head, error);
            return;
        }

        (var request, error) = await intake.ReadBodyAsync<int, EmbeddingRequest>(context, head, _options.MaxItems, EmbeddingRequestReader.Read);
        if (error is not null)
        {
            await intake.RefuseAsync(context, head, error);
            return;
        }

        var answer = await edge.InferAsync(
            new InferRequest
            {
                RequestId = context.TraceIdentifier,
                Model = request.Model,
                RemainingMs = intake.RemainingMs(head),
                Tenant = callers.Resolve(context).Tenant,
                Residency = head.Residency,
                Input = request.Input,
            },
            context.RequestAborted);
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
