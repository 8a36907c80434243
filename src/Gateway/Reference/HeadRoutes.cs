using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Meridian.Gateway.Reference;

/// <summary>
/// Adds <c>HEAD</c> to every <c>GET</c> route (RFC 9110, 9.3.2), because load balancers and monitors probe with it. The server leaves the body out.
/// </summary>
internal static class HeadRoutes
{
    public static RouteGroupBuilder AlsoHead(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(static endpoint =>
        {
            if (endpoint.Metadata.OfType<HttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] })
            {
                endpoint.Metadata.Add(new HttpMethodMetadata(["GET", "HEAD"]));
            }
        });
        return routes;
    }
}
