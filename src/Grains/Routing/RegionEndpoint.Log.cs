using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Routing;

public sealed partial class RegionEndpoint
{
    [LoggerMessage(EventId = 3231, Level = LogLevel.Error, Message = "Request {RequestId} for {Model} failed on the way to its replica")]
    private partial void LogFault(Exception exception, string requestId, string model);
}
