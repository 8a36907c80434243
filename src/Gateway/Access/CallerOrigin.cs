using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Access;

/// <summary>Finds out from the browser's headers which site's page sent a request. Programs that are no browser send no such headers.</summary>
internal static class CallerOrigin
{
    /// <summary>
    /// Whether the browser says that a page of another site sent the request. A page of the same machine at another port is foreign, too: its <c>Origin</c>
    /// differs, although <c>Sec-Fetch-Site</c> calls it <c>same-site</c>.
    /// </summary>
    /// <param name="request">Its <c>Host</c> is one of ours.</param>
    /// <param name="allowed">Origins that may call, besides our own pages.</param>
    public static bool IsForeign(HttpRequest request, IReadOnlySet<string> allowed)
    {
        var origin = request.Headers.Origin;
        if (origin.Count > 0 && allowed.Contains(origin.ToString()))
        {
            return false;
        }

        return (origin.Count > 0 && !IsOwn(origin.ToString(), request.Host)) || request.Headers["sec-fetch-site"] == "cross-site";
    }

    // Host and port decide. The scheme does not: a proxy in front may use https while this process listens on http.
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && page.Scheme is "http" or "https"
        && Uri.TryCreate($"{page.Scheme}://{host.Value}", UriKind.Absolute, out var own)
        && page.Authority.Equals(own.Authority, StringComparison.OrdinalIgnoreCase);
}
