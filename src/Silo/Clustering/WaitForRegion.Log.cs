namespace Meridian.Silo.Clustering;

internal sealed partial class WaitForRegion
{
    [LoggerMessage(5121, LogLevel.Warning, "No silo of the region answers ({Reason}); waiting for one.")]
    private partial void LogWaiting(string reason);
}
