using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Protocol;

internal sealed partial class RegionService
{
    [LoggerMessage(2101, LogLevel.Error, "Request {RequestId} for model {Model} failed inside this region")]
    private partial void LogFault(string requestId, string model, Exception exception);
}
