using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Meridian.Gateway.Http;

/// <summary>Values of a request's route.</summary>
internal static class RouteValues
{
    /// <summary>Returns the route's model id. The server decodes a path once but leaves encoded slashes, which a model id may contain.</summary>
    public static string ModelId(HttpContext context) =>
        ((string?)context.GetRouteValue("id") ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
