using Microsoft.Extensions.Logging;

namespace Meridian.Client.Regions;

internal sealed partial class RegionLink
{
    [LoggerMessage(EventId = 7001, Level = LogLevel.Information, Message = "Region {Region} is connected, round trip {RoundTripMs:0.00} ms")]
    private partial void LogJoined(string region, double roundTripMs);

    [LoggerMessage(EventId = 7002, Level = LogLevel.Warning, Message = "Region {Region} is lost: {Problem}. Requests go on elsewhere; reconnecting")]
    private partial void LogLost(string region, string? problem);

    [LoggerMessage(EventId = 7003, Level = LogLevel.Warning, Message = "The connection to region {Region} has not recovered in {After}: building a new one ({Problem})")]
    private partial void LogRebuilding(string region, TimeSpan after, string problem);

    [LoggerMessage(EventId = 7004, Level = LogLevel.Warning, Message = "The client of region {Region} could not be started; trying again")]
    private partial void LogHostFailed(string region, Exception exception);

    [LoggerMessage(EventId = 7005, Level = LogLevel.Debug, Message = "The connection to region {Region} could not be completed; trying again: {Problem}")]
    private partial void LogStartLost(string region, string problem);
}
