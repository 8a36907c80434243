using Meridian.Intents;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.IntentSources;

internal sealed partial class LoggedIntent
{
    [LoggerMessage(2311, LogLevel.Warning, "Record {Key} of the intent log cannot be read by this build and is left out; a tenant's then permits no region")]
    private partial void LogUnreadable(IntentKey key);
}
