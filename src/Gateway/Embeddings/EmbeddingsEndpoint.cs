using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Pipelines;
using Meridian.Federation.Edge;
using Meridian.Gateway.Callers;
using Meridian.Gateway.Errors;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Embeddings;

/// <summary>
/// <c>POST /v1/embeddings</c>. The hot path: a body that arrived in one piece is parsed where it lies, one that did not is gathered in rented blocks,
/// and in both cases is let go before the request is sent on.
/// </summary>
internal sealed class EmbeddingsEndpoint(IEdge edge, CallerResolver callers, IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly GatewayOptions _options = options.Value;

    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        if (!TryReadHead(context, out var deadlineMs, out var residency, out var error))
        {
            await RefuseAsync(context, error, started);
            return;
        }

        EmbeddingRequest request;
        var body = context.Request.BodyReader;
        var arrived = body.TryRead(out var read);
        if (arrived && read.IsCompleted)
        {
            error = Parse(context, read.Buffer, out request);
            body.AdvanceTo(read.Buffer.End);
        }
        else
        {
            (request, error) = await GatherAsync(context, body, arrived ? read : null, deadlineMs);
        }

        if (error is not null)
        {
            await RefuseAsync(context, error, started);
            return;
        }

        var answer = await edge.InferAsync(
            new InferRequest
            {
                RequestId = context.TraceIdentifier,
                Model = request.Model,
                RemainingMs = Math.Max(1, deadlineMs - ElapsedMs(started)),
                Tenant = callers.Resolve(context).Tenant,
                Residency = residency,
                Input = request.Input,
            },
            context.RequestAborted);
        await AnswerAsync(context, request, answer, started);
    }

    /// <summary>Reads a body that is still on its way. What arrives at once after all is parsed in place; the rest is gathered, within limit and deadline.</summary>
    /// <param name="first">What has arrived, not advanced over yet; null where nothing has.</param>
    private async ValueTask<(EmbeddingRequest Request, ApiError? Error)> GatherAsync(HttpContext context, PipeReader body, ReadResult? first, int deadlineMs)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(deadlineMs), time);
        // Not by a token given to the read: a read that throws leaves the body in a state that the server cannot drain, which it logs as an error.
        using var wake = deadline.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), body);
        using var blocks = new BodyBlocks();
        var read = first ?? await body.ReadAsync(CancellationToken.None);
        while (true)
        {
            if (blocks.IsEmpty && read.IsCompleted)
            {
                var error = Parse(context, read.Buffer, out var request);
                body.AdvanceTo(read.Buffer.End);
                return (request, error);
            }

            var gathered = blocks.Length + read.Buffer.Length;
            if (gathered <= _options.MaxRequestBytes)
            {
                blocks.Append(read.Buffer);
            }

            body.AdvanceTo(read.Buffer.End);
            if (gathered > _options.MaxRequestBytes)
            {
                return (default, TooLarge(context));
            }

            if (read.IsCompleted)
            {
                var error = Parse(context, blocks.Sequence, out var request);
                return (request, error);
            }

            if (deadline.IsCancellationRequested)
            {
                return (default, new ApiError(StatusCodes.Status408RequestTimeout, ApiError.InvalidRequest, "request_timeout", $"The request body did not arrive within the deadline of {deadlineMs} ms."));
            }

            read = await body.ReadAsync(CancellationToken.None);
        }
    }

    private async Task AnswerAsync(HttpContext context, EmbeddingRequest request, EdgeAnswer answer, long started)
    {
        var response = context.Response;
        var headers = response.Headers;
        headers[GatewayHeaders.Attempts] = answer.Attempts.ToString(CultureInfo.InvariantCulture);
        if (answer.Region is { } region)
        {
            headers[GatewayHeaders.Region] = region;
        }

        if (answer.Reply.Result is { } result)
        {
            if (result.Output is not EmbeddingOutput output || output.Rows != request.Input.Count)
            {
                throw new InvalidOperationException($"The model '{result.Model}' of region '{result.Region}' did not answer one vector for each of {request.Input.Count} items.");
            }

            headers[GatewayHeaders.ModelVersion] = result.Version;
            headers[GatewayHeaders.ProcessingMs] = ElapsedMs(started).ToString(CultureInfo.InvariantCulture);
            response.ContentType = "application/json";
            await EmbeddingResponseWriter.WriteAsync(response, result.Model, output, request.Base64, context.RequestAborted);
            return;
        }

        var refusal = answer.Reply.Refusal ?? throw new InvalidOperationException("The edge answered neither a result nor a refusal.");
        await RefuseAsync(context, refusal.ToApiError(), started);
    }

    private Task RefuseAsync(HttpContext context, ApiError error, long started)
    {
        context.Response.Headers[GatewayHeaders.ProcessingMs] = ElapsedMs(started).ToString(CultureInfo.InvariantCulture);
        return ApiErrorWriter.WriteAsync(context, error);
    }

    private bool TryReadHead(HttpContext context, out int deadlineMs, out string[]? residency, [NotNullWhen(false)] out ApiError? error)
    {
        var request = context.Request;
        residency = null;
        error = RequestHeaders.ReadDeadline(request.Headers[GatewayHeaders.Deadline], _options.DefaultDeadlineMs, out deadlineMs)
            ?? RequestHeaders.ReadResidency(request.Headers[GatewayHeaders.Residency], out residency)
            ?? ReadEncoding(request);
        // The body's limit is ours: the server's own would answer without an error object, and only once it had read that far.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        if (request.ContentLength > _options.MaxRequestBytes)
        {
            error = TooLarge(context);
        }

        return error is null;
    }

    private static ApiError? ReadEncoding(HttpRequest request) =>
        request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding != "identity"
            ? new ApiError(StatusCodes.Status415UnsupportedMediaType, ApiError.InvalidRequest, "unsupported_media_type", "The request body is compressed. Send it as plain JSON, without content-encoding.", "content-encoding")
            : null;

    private ApiError TooLarge(HttpContext context)
    {
        // What is left of the body is not worth a connection. (HTTP/2 resets the stream alone, and knows no such header.)
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        return ApiError.TooLarge(_options.MaxRequestBytes);
    }

    private ApiError? Parse(HttpContext context, in ReadOnlySequence<byte> body, out EmbeddingRequest request)
    {
        if (body.Length > _options.MaxRequestBytes)
        {
            request = default;
            return TooLarge(context);
        }

        return EmbeddingRequestReader.TryRead(body, _options.MaxItems, out request, out var error) ? null : error;
    }

    private int ElapsedMs(long started) => (int)time.GetElapsedTime(started).TotalMilliseconds;
}
