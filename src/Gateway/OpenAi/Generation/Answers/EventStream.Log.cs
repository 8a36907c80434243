using Microsoft.Extensions.Logging;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

internal sealed partial class EventStream
{
    [LoggerMessage(EventId = 5001, EventName = "StreamFault", Level = LogLevel.Error, Message = "The stream of request {RequestId} failed by a fault of ours")]
    private static partial void LogFault(ILogger logger, string requestId, Exception exception);
}
