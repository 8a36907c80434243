using Microsoft.Extensions.Logging;

namespace Meridian.Gateway.Access;

internal sealed partial class RequestEnvelope
{
    // The method is the only text of the caller's in a log line, and Kestrel takes none but tokens.
    [LoggerMessage(EventId = 5000, EventName = "RequestFault", Level = LogLevel.Error, Message = "Request {RequestId} ({Method}) failed by a fault of ours")]
    private static partial void LogFault(ILogger logger, string requestId, string method, Exception exception);
}
