using Meridian.Gateway.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Access;

internal static class BrowserGuardExtensions
{
    // The browser asks again after this, so that a setting that was taken back holds soon.
    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    /// <summary>Puts the guard, and behind it the answers to pages that are allowed, into the pipeline. After routing.</summary>
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
