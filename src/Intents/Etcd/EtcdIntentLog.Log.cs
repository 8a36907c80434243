using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Etcd;

public sealed partial class EtcdIntentLog
{
    [LoggerMessage(2551, LogLevel.Information, "etcd is within reach: leader {Leader}, revision {Revision}")]
    private partial void LogReached(string leader, long revision);

    [LoggerMessage(2552, LogLevel.Warning, "{Problem}")]
    private partial void LogLost(string problem);

    [LoggerMessage(2553, LogLevel.Error, "The intent log is not followed: {Problem}")]
    private partial void LogEstranged(string problem);

    [LoggerMessage(2554, LogLevel.Debug, "The watch ended ({Reason}); it goes on at the next endpoint")]
    private partial void LogWatchEnded(string reason);

    [LoggerMessage(2555, LogLevel.Warning, "There is no local copy of the intent log, and etcd has not answered within {Seconds} s: starting with none")]
    private partial void LogNoCopy(double seconds);

    [LoggerMessage(2556, LogLevel.Warning, "The local copy of the intent log could not be written to {Path}: {Reason}. A restart while etcd is out of reach would go back to an older one")]
    private partial void LogNotSaved(string path, string reason);
}
