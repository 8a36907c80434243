namespace Meridian.Silo.Clustering;

internal sealed partial class RegionScaling
{
    [LoggerMessage(5131, LogLevel.Warning, "The deployment of model {Model} did not answer.")]
    private partial void LogFailed(string model, Exception exception);
}
