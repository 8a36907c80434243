using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Draining;

public sealed partial class RegionDrain
{
    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "Draining {Target}, asked by {By} ({Reason}); streams are handed over after {Seconds} s")]
    private partial void LogBegun(string target, string by, string? reason, int seconds);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Warning, Message = "{Target} is open again")]
    private partial void LogEnded(string target);

    [LoggerMessage(EventId = 3303, Level = LogLevel.Information, Message = "{Target} is empty")]
    private partial void LogEmpty(string target);

    [LoggerMessage(EventId = 3304, Level = LogLevel.Error, Message = "The store did not take the region's drains; they are forgotten with the silo that knows them")]
    private partial void LogNotKept(Exception exception);

    [LoggerMessage(EventId = 3305, Level = LogLevel.Error, Message = "The store cannot be read for the region's drains; asked again")]
    private partial void LogStoreLost(Exception exception);
}
