using Meridian.Federation.Directory;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Admin;

/// <summary><c>GET /admin/api/regions</c>.</summary>
internal sealed class RegionsEndpoint(IRegionDirectory directory)
{
    public Task GetAsync(HttpContext context) =>
        context.Response.WriteAsJsonAsync(RegionsReport.Of(directory.Current), GatewayJson.Default.RegionsReport, contentType: null, context.RequestAborted);
}
