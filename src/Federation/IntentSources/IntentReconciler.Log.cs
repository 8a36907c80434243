using Microsoft.Extensions.Logging;

namespace Meridian.Federation.IntentSources;

internal sealed partial class IntentReconciler
{
    [LoggerMessage(2321, LogLevel.Information, "The intent log took {Records} records of this region's configuration at revision {Revision}")]
    private partial void LogTold(int records, long revision);

    [LoggerMessage(2322, LogLevel.Debug, "The intent log cannot take this region's configuration yet: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(2324, LogLevel.Warning, "The settings and the intent log differ in {Count} places, and the log decides: {Differences}. GET /admin/api/drift shows them; POST /admin/api/drift/KIND/NAME adopts the record of the settings")]
    private partial void LogDrift(int count, string differences);

    [LoggerMessage(2323, LogLevel.Warning, "Operators removed region {Region} from the installation: no edge sends it requests. To let it in again, delete the record removed/{Region} and restart it")]
    private partial void LogRemoved(string region);
}
