using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Routing;

public sealed partial class RegionRouter
{
    [LoggerMessage(EventId = 3221, Level = LogLevel.Warning, Message = "Request {RequestId} lost replica {Replica}: {Reason}")]
    private partial void LogReplicaUnavailable(string requestId, string replica, string reason);
}
