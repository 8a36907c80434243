using Meridian.Gateway;

namespace Meridian.Silo.Hosting;

/// <summary>Hands the facade its limits.</summary>
internal static class GatewaySettings
{
    public static void Fill(GatewayOptions target, GatewayOptions settings)
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
    }
}
