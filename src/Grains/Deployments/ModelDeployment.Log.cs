using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Deployments;

public sealed partial class ModelDeployment
{
    [LoggerMessage(EventId = 3106, Level = LogLevel.Error, Message = "{Model} has no package to load; tried again until it has")]
    private partial void LogNoPackage(Exception exception, string model);

    [LoggerMessage(EventId = 3113, Level = LogLevel.Information, Message = "{Model} serves version {Version}, variant {Variant}")]
    private partial void LogVersionOpened(string model, string version, string variant);

    [LoggerMessage(EventId = 3114, Level = LogLevel.Information, Message = "{Model} no longer serves version {Version}, variant {Variant}; its replicas finish their streams and unload")]
    private partial void LogVersionRetired(string model, string version, string variant);

    [LoggerMessage(EventId = 3115, Level = LogLevel.Information, Message = "{Model} was removed from the region; its replicas finish their streams and unload")]
    private partial void LogRemoved(string model);
}
