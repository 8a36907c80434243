using Meridian.Federation.Regions;
using Meridian.Intents.Supervision;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Admin.Regions;

/// <summary><c>GET /admin/api/regions</c>.</summary>
internal sealed class RegionsEndpoint(IRegionDirectory directory, LoopSupervisor supervisor)
{
    public Task GetAsync(HttpContext context) =>
        context.Response.WriteAsJsonAsync(RegionsReport.Of(directory.Current, supervisor.Loops), RegionsJson.Default.RegionsReport, contentType: null, context.RequestAborted);
}
