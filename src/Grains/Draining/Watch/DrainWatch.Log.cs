using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Draining.Watch;

public sealed partial class DrainWatch
{
    [LoggerMessage(EventId = 3311, Level = LogLevel.Warning, Message = "What is drained in the region cannot be asked for; going on with what is known")]
    private partial void LogNotHeard(Exception exception);

    [LoggerMessage(EventId = 3312, Level = LogLevel.Information, Message = "The deadline of a drain has passed: handing {Streams} streams over")]
    private partial void LogHandOver(int streams);
}
