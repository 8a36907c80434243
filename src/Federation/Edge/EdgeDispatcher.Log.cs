using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Edge;

internal sealed partial class EdgeDispatcher
{
    [LoggerMessage(2401, LogLevel.Information, "Request {RequestId}: region {Region} was lost in attempt {Attempt}: {Reason}")]
    private partial void LogLost(string requestId, string region, int attempt, string? reason);
}
