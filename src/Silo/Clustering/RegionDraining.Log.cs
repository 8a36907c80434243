namespace Meridian.Silo.Clustering;

internal sealed partial class RegionDraining
{
    [LoggerMessage(5132, LogLevel.Warning, "The region's drains could not be asked for.")]
    private partial void LogFailed(Exception exception);
}
