using Microsoft.Extensions.Logging;

namespace Meridian.Grains.Shards;

public sealed partial class ModelShard
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "Loaded {Shard} on {Device} in {Milliseconds} ms")]
    private partial void LogLoaded(ShardKey shard, string device, long milliseconds);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "{Shard} failed to load, next try after {Wait}: {Problem}")]
    private partial void LogLoadFailed(Exception exception, ShardKey shard, string problem, TimeSpan wait);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "Unloaded {Shard}")]
    private partial void LogUnloaded(ShardKey shard);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Error, Message = "The engine of {Shard} was lost; the model is loaded anew after {Wait}")]
    private partial void LogEngineLost(Exception exception, ShardKey shard, TimeSpan wait);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Error, Message = "Request {RequestId} failed in the engine of {Shard}")]
    private partial void LogInferenceFailed(Exception exception, string requestId, ShardKey shard);

    [LoggerMessage(EventId = 3007, Level = LogLevel.Warning, Message = "{Shard} has not been asked by its deployment for {Time}; it unloads")]
    private partial void LogAbandoned(ShardKey shard, TimeSpan time);
}
