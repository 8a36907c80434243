using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Edge;

internal sealed partial class EdgeDispatcher
{
    // Debug: liveness tells once that the region is lost, metrics count the requests; a line each would be hundreds at a kill under load.
    [LoggerMessage(2401, LogLevel.Debug, "Request {RequestId}: region {Region} was lost in attempt {Attempt}: {Reason}")]
    private partial void LogLost(string requestId, string region, int attempt, string? reason);

    [LoggerMessage(2402, LogLevel.Debug, "Request {RequestId}: its stream went on from region {Left} in region {Region} after {Tokens} tokens")]
    private partial void LogMoved(string requestId, string left, string region, long tokens);
}
