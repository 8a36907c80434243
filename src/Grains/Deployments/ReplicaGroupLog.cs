using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Deployments;

/// <summary>The log events of the replicas of a version.</summary>
internal sealed partial class ReplicaGroupLog(ILogger logger)
{
    [LoggerMessage(EventId = 3107, Level = LogLevel.Warning, Message = "{Shard} does not answer; it is taken out of the table and loaded again")]
    public partial void ReplicaLost(Exception exception, string shard);

    [LoggerMessage(EventId = 3108, Level = LogLevel.Debug, Message = "{Shard} did not confirm that it unloaded")]
    public partial void UnloadFailed(Exception exception, string shard);

    [LoggerMessage(EventId = 3109, Level = LogLevel.Information, Message = "{Shard} leaves silo {Silo}, so that the replicas stand on all silos")]
    public partial void Moving(string shard, SiloAddress? silo);

    [LoggerMessage(EventId = 3110, Level = LogLevel.Information, Message = "{Shard} is to leave; {Replacement} is loaded to take its place")]
    public partial void Replacing(string shard, string replacement);

    [LoggerMessage(EventId = 3111, Level = LogLevel.Information, Message = "{Shard} leaves; {Replacement}, which is {State}, has its place")]
    public partial void Replaced(string shard, string replacement, ShardState state);
}
