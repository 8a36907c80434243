using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Access;

internal static class BrowserGuardExtensions
{
    // The browser sends a new preflight after this time, so an origin that was removed from the settings loses its access soon.
    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    /// <summary>Adds the guard to the pipeline, and behind it CORS for the allowed origins. Call it after routing.</summary>
    public static void UseBrowserGuard(this WebApplication app)
    {
        app.UseMiddleware<BrowserGuard>();
        string[] origins = [.. app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.AllowedOrigins];
        if (origins.Length == 0)
        {
            return;
        }

        app.UseWhen(static context => BrowserGuard.IsShared(context.Request.Path), shared => shared.UseCors(policy => policy
            .WithOrigins(origins)
            .WithMethods("GET", "HEAD", "POST")
            .AllowAnyHeader()
            .WithExposedHeaders(
                GatewayHeaders.RequestId, GatewayHeaders.Region, GatewayHeaders.ModelVersion, GatewayHeaders.Attempts, GatewayHeaders.ProcessingMs, GatewayHeaders.Explain,
                GatewayHeaders.Resumable, GatewayHeaders.RedirectReason, GatewayHeaders.RetryAfterMs, GatewayHeaders.ShouldRetry, "retry-after")
            .SetPreflightMaxAge(PreflightAge)));
    }
}
