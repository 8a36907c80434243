using Meridian.Federation.Directory;
using Meridian.Federation.Supervision;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Admin;

/// <summary><c>GET /admin/api/regions</c>.</summary>
internal sealed class RegionsEndpoint(IRegionDirectory directory, LoopSupervisor supervisor)
{
    public Task GetAsync(HttpContext context) =>
        context.Response.WriteAsJsonAsync(RegionsReport.Of(directory.Current, supervisor.Loops), GatewayJson.Default.RegionsReport, contentType: null, context.RequestAborted);
}
