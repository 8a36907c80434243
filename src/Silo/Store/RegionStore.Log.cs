using StackExchange.Redis;

namespace Meridian.Silo.Store;

internal sealed partial class RegionStore
{
    [LoggerMessage(5111, LogLevel.Warning, "The region's store at {Address} does not answer ({Failure}); waiting for it.")]
    private partial void LogWaiting(string address, ConnectionFailureType failure);

    [LoggerMessage(5112, LogLevel.Information, "The region's store at {Address} answers.")]
    private partial void LogFound(string address);
}
