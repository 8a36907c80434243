using Meridian.Federation.Regions;
using Meridian.Gateway.Errors;
using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.Health;

/// <summary><c>/healthz</c> tells that the process runs, <c>/readyz</c> that it can serve.</summary>
internal sealed class HealthEndpoints(IRegionDirectory directory, FacadeShutdown shutdown)
{
    private static readonly HealthReport Healthy = new();

    // Set once and never reset. If two first answers race, both write the same value.
    private volatile bool _reached;

    public static Task HealthAsync(HttpContext context) =>
        context.Response.WriteAsJsonAsync(Healthy, HealthJson.Default.HealthReport, contentType: null, context.RequestAborted);

    public Task ReadyAsync(HttpContext context)
    {
        var readiness = shutdown.HasBegun ? new Readiness([], ["this process is stopping"]) : Readiness.Of(directory.Current, _reached);
        if (readiness.Ready)
        {
            _reached = true;
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "1";
        }

        var report = new ReadyReport
        {
            Status = readiness.Ready ? "ready" : "not_ready",
            Regions = readiness.Regions,
            Missing = readiness.Missing,
            Error = readiness.Ready ? null : new ErrorObject { Message = "Not ready: " + string.Join("; ", readiness.Missing), Type = ApiError.Server, Code = "not_ready" },
        };
        return context.Response.WriteAsJsonAsync(report, HealthJson.Default.ReadyReport, contentType: null, context.RequestAborted);
    }
}
