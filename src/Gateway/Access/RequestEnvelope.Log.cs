using Microsoft.Extensions.Logging;

namespace Meridian.Gateway.Access;

internal sealed partial class RequestEnvelope
{
    // The method is the only text from the caller in a log line. Kestrel accepts only HTTP tokens as methods.
    [LoggerMessage(EventId = 5000, EventName = "RequestFault", Level = LogLevel.Error, Message = "Request {RequestId} ({Method}) failed by a fault of ours")]
    private static partial void LogFault(ILogger logger, string requestId, string method, Exception exception);
}
