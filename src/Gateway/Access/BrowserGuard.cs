using System.Collections.Frozen;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Meridian.Gateway.Access;

/// <summary>
/// Prevents a web page from using this installation through the browser of somebody who can reach it. Callers need no keys, so only the headers that a
/// browser sets tell a request of a page from a request of a program. Three rules close one way in each:
/// <list type="bullet">
/// <item>Host: a host name that is not ours is refused (421). This stops DNS rebinding, see <see cref="PermittedHosts"/>.</item>
/// <item>Origin: a request that changes or computes something, or that goes to the admin API, is refused (403) if another site's page sent it. Pages in
/// <see cref="GatewayOptions.AllowedOrigins"/> may call everything except the admin API.</item>
/// <item>Media type: a body must be declared as JSON (415). A page of another site cannot declare JSON without a CORS preflight, and the preflight is
/// refused.</item>
/// </list>
/// </summary>
internal sealed class BrowserGuard(RequestDelegate next, IOptions<GatewayOptions> options)
{
    private static readonly PathString Admin = new("/admin");
    private static readonly FrozenSet<string> None = FrozenSet<string>.Empty;

    private readonly PermittedHosts _hosts = new(options.Value.Hosts);
    private readonly FrozenSet<string> _allowed = options.Value.AllowedOrigins.ToFrozenSet(StringComparer.Ordinal);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (Refusal(context) is { } error)
        {
            return ApiErrorWriter.WriteAsync(context, error);
        }

        return HttpMethods.IsOptions(request.Method) ? AnswerOptionsAsync(context) : next(context);
    }

    /// <summary>Whether pages of other origins may read the answers of a path.</summary>
    public static bool IsShared(PathString path) => !path.StartsWithSegments(Admin, StringComparison.OrdinalIgnoreCase);

    private ApiError? Refusal(HttpContext context)
    {
        var request = context.Request;

        // HTTP/1.0 has no Host header. Browsers do not use HTTP/1.0, but health checks of old proxies do.
        if (request.Headers.Host.Count > 0 && !_hosts.Permits(request.Headers.Host.ToString(), context.Connection.LocalIpAddress))
        {
            return new ApiError(
                StatusCodes.Status421MisdirectedRequest, ApiError.InvalidRequest, "misdirected_request",
                $"This process does not answer to the host '{ApiError.Shorten(request.Headers.Host.ToString())}'. Call it by its address, or add the name to Gateway:Hosts.", "host");
        }

        var shared = IsShared(request.Path);
        var reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if ((!shared || !reads) && CallerOrigin.IsForeign(request, shared ? _allowed : None))
        {
            var origin = request.Headers.Origin.Count > 0 ? $"of '{ApiError.Shorten(request.Headers.Origin.ToString())}' " : "of another site ";
            return new ApiError(
                StatusCodes.Status403Forbidden, ApiError.InvalidRequest, "forbidden_origin",
                shared ? $"A page {origin}may not call this. Gateway:AllowedOrigins lists the origins that may." : $"A page {origin}may not call the admin API.", "origin");
        }

        return HasForeignBody(context)
            ? new ApiError(
                StatusCodes.Status415UnsupportedMediaType, ApiError.InvalidRequest, "unsupported_media_type",
                $"The body is declared as '{ApiError.Shorten(request.ContentType ?? "")}'. Send it with the header content-type: application/json.", "content-type")
            : null;
    }

    private static bool HasForeignBody(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false } || (context.GetEndpoint() is null && HttpMethods.IsOptions(context.Request.Method)))
        {
            return false;
        }

        return context.Request.ContentType is not { } type
            || !(type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || (MediaTypeHeaderValue.TryParse(type, out var media) && media.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>Answers OPTIONS with the methods of a path. Routing knows them and would answer 405.</summary>
    private async Task AnswerOptionsAsync(HttpContext context)
    {
        await next(context);
        var response = context.Response;
        if (response.StatusCode == StatusCodes.Status405MethodNotAllowed && !response.HasStarted)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            response.Headers.Allow = $"{response.Headers.Allow}, OPTIONS";
        }
    }
}
