using Meridian.Errors;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Meridian.Gateway.Access;

/// <summary>
/// Outermost step of every request. It gives the request its id, and turns every failure inside into the answer that the API promises: an OpenAI error with
/// that id.
/// <list type="bullet">
/// <item>No route, or a route without the method: 404 or 405 with an error object.</item>
/// <item>An error of the caller that the server finds (a truncated body, a malformed chunk): the status that the server gives; nothing is logged.</item>
/// <item>The caller went away: 499; nothing is logged.</item>
/// <item>A refusal thrown by an inner service: the same answer as for a refusal that was returned.</item>
/// <item>Anything else is a fault of ours: 500, logged once with the id. If the answer had begun, the connection is cut, because half an answer must not look
/// complete.</item>
/// </list>
/// </summary>
internal sealed partial class RequestEnvelope(RequestDelegate next, FacadeShutdown shutdown, ILogger<RequestEnvelope> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var id = RequestId.From(context.Request.Headers[GatewayHeaders.RequestId]);
        context.TraceIdentifier = id;
        var response = context.Response;
        response.Headers[GatewayHeaders.RequestId] = id;
        if (shutdown.HasBegun) response.Headers.Connection = "close";
        try
        {
            if (HasDoubtfulEnd(context.Request))
            {
                response.Headers.Connection = "close";
                await ApiErrorWriter.WriteAsync(context, ApiError.Invalid("bad_request", "The header transfer-encoding must be chunked, once and alone.", "transfer-encoding"));
                return;
            }

            await next(context);
            if (response.StatusCode >= StatusCodes.Status400BadRequest && !response.HasStarted && response.ContentType is null && response.ContentLength is null)
            {
                await DescribeAsync(context);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException && exception is not BadHttpRequestException && context.RequestAborted.IsCancellationRequested)
        {
            if (!response.HasStarted)
            {
                response.StatusCode = RefusalMapping.ClientClosedRequest;
            }
        }
        catch (BadHttpRequestException exception) when (!response.HasStarted)
        {
            await FailAsync(context, new ApiError(exception.StatusCode, ApiError.InvalidRequest, exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? "request_too_large" : "bad_request", exception.Message));
        }
        catch (IOException exception) when (!response.HasStarted && exception.InnerException is OverflowException)
        {
            // A chunk size that does not fit into a number. The server throws an IOException for it, as for a broken connection, and not a bad request; its
            // message explains the error.
            response.Headers.Connection = "close";
            await FailAsync(context, ApiError.Invalid("bad_request", exception.Message));
        }
        catch (MeridianException exception) when (!response.HasStarted)
        {
            await FailAsync(context, exception.Refusal.ToApiError());
        }
        catch (Exception exception)
        {
            LogFault(logger, id, context.Request.Method, exception);
            if (response.HasStarted)
            {
                context.Abort();
            }
            else
            {
                await FailAsync(context, ApiError.Fault(id));
            }
        }
    }

    /// <summary>
    /// Whether a proxy in front could find the end of the body at another place than the server does, and so take the rest for the request of another caller
    /// (request smuggling, RFC 9112, 11.2). The server reads "gzip, chunked" and "chunked, chunked" as "chunked".
    /// </summary>
    private static bool HasDoubtfulEnd(HttpRequest request) =>
        request.Headers.TransferEncoding is { Count: > 0 } coding && !coding.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase);

    private static async Task FailAsync(HttpContext context, ApiError error)
    {
        context.Response.Clear();
        context.Response.Headers[GatewayHeaders.RequestId] = context.TraceIdentifier;
        try
        {
            await ApiErrorWriter.WriteAsync(context, error);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone.
        }
    }

    /// <summary>Adds an error object to an answer that has only a status: the 404, 405 and 415 of routing.</summary>
    private static Task DescribeAsync(HttpContext context)
    {
        var request = context.Request;
        var path = ApiError.Shorten(request.Path.Value ?? "/");
        var error = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new ApiError(StatusCodes.Status404NotFound, ApiError.InvalidRequest, "unknown_url", $"There is nothing at {path}. /docs lists what there is."),
            StatusCodes.Status405MethodNotAllowed => new ApiError(
                StatusCodes.Status405MethodNotAllowed, ApiError.InvalidRequest, "method_not_allowed", $"{ApiError.Shorten(request.Method)} is not taken at {path}, only {context.Response.Headers.Allow}."),
            var status => new ApiError(status, status < StatusCodes.Status500InternalServerError ? ApiError.InvalidRequest : ApiError.Server, null, $"The request was answered with status {status}."),
        };
        return ApiErrorWriter.WriteAsync(context, error);
    }
}
