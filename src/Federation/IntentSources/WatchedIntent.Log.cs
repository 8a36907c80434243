using Microsoft.Extensions.Logging;

namespace Meridian.Federation.IntentSources;

internal sealed partial class WatchedIntent
{
    [LoggerMessage(2301, LogLevel.Information, "Learned intent {Epoch} from {Address}: {Regions} regions, {Models} models")]
    private partial void LogLearned(long epoch, Uri address, int regions, int models);

    [LoggerMessage(2302, LogLevel.Warning, "Intent {Epoch} from {Address} is not taken: {Fault}")]
    private partial void LogFaulty(Uri address, long epoch, string fault);

    [LoggerMessage(2303, LogLevel.Debug, "No intent from {Address} now: {Reason}")]
    private partial void LogUnwatched(Uri address, string reason);
}
