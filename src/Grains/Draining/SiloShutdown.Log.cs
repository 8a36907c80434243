using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Draining;

public sealed partial class SiloShutdown
{
    [LoggerMessage(EventId = 3321, Level = LogLevel.Information, Message = "Leaving: {Scope} takes nothing new")]
    private partial void LogLeaving(string scope);

    [LoggerMessage(EventId = 3322, Level = LogLevel.Information, Message = "Left in {Milliseconds} ms, with {Work} under way")]
    private partial void LogLeft(long milliseconds, WorkCount work);

    [LoggerMessage(EventId = 3323, Level = LogLevel.Warning, Message = "The region could not be told that this silo leaves")]
    private partial void LogNotTold(Exception exception);
}
