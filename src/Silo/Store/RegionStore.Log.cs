using StackExchange.Redis;

namespace Meridian.Silo.Store;

internal sealed partial class RegionStore
{
    [LoggerMessage(5111, LogLevel.Warning, "The region's store at {Address} does not answer ({Failure}); waiting for it.")]
    private partial void LogWaiting(string address, ConnectionFailureType failure);

    [LoggerMessage(5113, LogLevel.Warning, "The region's store at {Address} refuses the password in {File}; trying on. Where the store runs with another data directory, copy its file store/password, or name it with Meridian:Store:PasswordFile.")]
    private partial void LogPassword(string address, string file);

    [LoggerMessage(5112, LogLevel.Information, "The region's store at {Address} answers.")]
    private partial void LogFound(string address);
}
