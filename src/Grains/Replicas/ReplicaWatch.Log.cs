using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Replicas;

public sealed partial class ReplicaWatch
{
    [LoggerMessage(EventId = 3211, Level = LogLevel.Warning, Message = "The deployment of {Model} does not answer; serving on its last table")]
    private partial void LogNoTable(Exception exception, string model);

    [LoggerMessage(EventId = 3212, Level = LogLevel.Information, Message = "The deployment of {Model} answers again after {Failures} failed questions")]
    private partial void LogTableBack(string model, int failures);
}
