namespace Meridian.Silo.Shutdown;

internal sealed partial class ProcessLifetime
{
    [LoggerMessage(5301, LogLevel.Error, "The process did not stop within {Seconds} s; ending it. What was acknowledged is on disk.")]
    private partial void LogOverrun(double seconds);

    [LoggerMessage(5303, LogLevel.Error, "Leaving before the stop failed; stopping now")]
    private partial void LogStepFailed(Exception exception);
}
