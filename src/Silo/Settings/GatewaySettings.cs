using Meridian.Gateway.Http;

namespace Meridian.Silo.Settings;

/// <summary>Copies the limits and addresses to the options of the facade.</summary>
internal static class GatewaySettings
{
    /// <param name="target">The options to fill.</param>
    /// <param name="settings">The configured options.</param>
    /// <param name="own">Addresses under which callers know the process.</param>
    public static void Fill(GatewayOptions target, GatewayOptions settings, params IEnumerable<Uri?> own)
    {
        target.MaxRequestBytes = settings.MaxRequestBytes;
        target.DefaultDeadlineMs = settings.DefaultDeadlineMs;
        target.DefaultGenerationDeadlineMs = settings.DefaultGenerationDeadlineMs;
        target.HeartbeatMs = settings.HeartbeatMs;
        target.MaxItems = settings.MaxItems;
        target.ResumeSeconds = settings.ResumeSeconds;
        target.MaxResumableStreams = settings.MaxResumableStreams;
        target.MaxResumableStreamsPerTenant = settings.MaxResumableStreamsPerTenant;
        target.ResumeKey = settings.ResumeKey;
        target.TrustTenantHeader = settings.TrustTenantHeader;
        target.Hosts = [.. settings.Hosts, .. own.OfType<Uri>().Select(static address => address.Host)];
        target.AllowedOrigins = settings.AllowedOrigins;
    }
}
