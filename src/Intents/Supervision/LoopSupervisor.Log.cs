using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Supervision;

public sealed partial class LoopSupervisor
{
    [LoggerMessage(2901, LogLevel.Error, "The loop '{Loop}' failed. It starts again in {Seconds:0.0} s")]
    private partial void LogFailed(string loop, double seconds, Exception exception);

    [LoggerMessage(2902, LogLevel.Warning, "The loop '{Loop}' failed again, {Failures} times by now: {Reason} It starts again in {Seconds:0.0} s")]
    private partial void LogFailedAgain(string loop, long failures, string reason, double seconds);
}
