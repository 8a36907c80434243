using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Shards;

public sealed partial class LoadedEngines
{
    [LoggerMessage(EventId = 3010, Level = LogLevel.Error, Message = "The engine of {Package} failed while being disposed; its memory may not be returned")]
    private partial void LogDisposeFailed(Exception exception, string package);
}
