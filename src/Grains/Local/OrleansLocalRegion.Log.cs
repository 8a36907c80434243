using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Local;

public sealed partial class OrleansLocalRegion
{
    [LoggerMessage(EventId = 3351, Level = LogLevel.Warning, Message = "Request {RequestId} could not reach the grains of {Region}: {Reason}")]
    private partial void LogUnreachable(string requestId, string region, string reason);

    [LoggerMessage(EventId = 3352, Level = LogLevel.Error, Message = "Request {RequestId} failed in {Region}")]
    private partial void LogFault(Exception exception, string requestId, string region);
}
