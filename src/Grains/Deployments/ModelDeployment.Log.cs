using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Deployments;

public sealed partial class ModelDeployment
{
    [LoggerMessage(EventId = 3101, Level = LogLevel.Information, Message = "{Model} is to have {Replicas} replicas, asked by {By} ({Reason}), change {Sequence}")]
    private partial void LogScaled(string model, int replicas, string by, string? reason, long sequence);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Warning, Message = "Another activation changed {Model} first; operation {OperationId} is tried on what it wrote")]
    private partial void LogWriteConflict(Exception exception, string model, string operationId);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Error, Message = "The store did not take operation {OperationId} on {Model}; it is not acknowledged")]
    private partial void LogWriteFailed(Exception exception, string model, string operationId);

    [LoggerMessage(EventId = 3104, Level = LogLevel.Error, Message = "The store cannot be read for {Model}; serving on {Replicas} replicas, changes are refused")]
    private partial void LogStoreLost(Exception exception, string model, int replicas);

    [LoggerMessage(EventId = 3105, Level = LogLevel.Information, Message = "The store is back for {Model}, which has {Replicas} replicas by its record")]
    private partial void LogStoreBack(string model, int replicas);

    [LoggerMessage(EventId = 3106, Level = LogLevel.Error, Message = "{Model} has no package to load; tried again until it has")]
    private partial void LogNoPackage(Exception exception, string model);

    [LoggerMessage(EventId = 3112, Level = LogLevel.Warning, Message = "The store did not take the numbers of {Model}'s replicas; written again")]
    private partial void LogNumbersNotKept(Exception exception, string model);

    [LoggerMessage(EventId = 3113, Level = LogLevel.Information, Message = "{Model} serves version {Version}, variant {Variant}")]
    private partial void LogVersionOpened(string model, string version, string variant);

    [LoggerMessage(EventId = 3114, Level = LogLevel.Information, Message = "{Model} no longer serves version {Version}, variant {Variant}; its replicas finish their streams and unload")]
    private partial void LogVersionRetired(string model, string version, string variant);

    [LoggerMessage(EventId = 3115, Level = LogLevel.Information, Message = "{Model} was removed from the region; its replicas finish their streams and unload")]
    private partial void LogRemoved(string model);
}
