namespace Meridian.Silo.Store.Disk;

internal sealed partial class StoreDisk
{
    [LoggerMessage(5103, LogLevel.Error, "The region's store: {Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(5104, LogLevel.Information, "The region's store in {Directory} takes changes again.")]
    private partial void LogOver(string directory);
}
