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

    [LoggerMessage(EventId = 3107, Level = LogLevel.Warning, Message = "{Shard} does not answer; it is taken out of the table and loaded again")]
    private partial void LogReplicaLost(Exception exception, string shard);

    [LoggerMessage(EventId = 3108, Level = LogLevel.Debug, Message = "{Shard} did not confirm that it unloaded")]
    private partial void LogUnloadFailed(Exception exception, string shard);

    [LoggerMessage(EventId = 3109, Level = LogLevel.Information, Message = "{Shard} leaves silo {Silo}, so that the replicas stand on all silos")]
    private partial void LogMoving(string shard, SiloAddress? silo);

    [LoggerMessage(EventId = 3110, Level = LogLevel.Information, Message = "{Shard} is drained; {Replacement} is loaded to take its place")]
    private partial void LogReplacing(string shard, string replacement);

    [LoggerMessage(EventId = 3111, Level = LogLevel.Information, Message = "{Shard} leaves; {Replacement}, which is {State}, has its place")]
    private partial void LogReplaced(string shard, string replacement, ShardState state);

    [LoggerMessage(EventId = 3112, Level = LogLevel.Warning, Message = "The store did not take the numbers of {Model}'s replicas; written again")]
    private partial void LogNumbersNotKept(Exception exception, string model);
}
