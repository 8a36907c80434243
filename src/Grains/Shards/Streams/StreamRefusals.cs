using Meridian.Inference.Engines;
using Meridian.Messages;

namespace Meridian.Grains.Shards.Streams;

/// <summary>The reasons why a stream ended before its last frame, in words for the caller.</summary>
internal static class StreamRefusals
{
    /// <summary>Nobody reads this refusal: the reader has left.</summary>
    public static readonly Refusal Closed = new() { Code = RefusalCode.Cancelled, Message = "The stream was closed by its reader." };

    public static Refusal Deadline(int deadlineMs, Guid stream) =>
        new() { Code = RefusalCode.Deadline, Message = $"The {deadlineMs} ms that were left of the request's deadline passed before stream {stream} had ended; allow more time or ask for fewer tokens." };

    /// <summary>Another replica can continue the stream.</summary>
    public static Refusal Unloaded(in ShardKey key) =>
        new() { Code = RefusalCode.NotReady, Message = $"Replica {key.Replica} of '{key.Model}' was unloaded before the stream had ended.", RetryAfterMs = 1000 };

    /// <summary>Another region can continue the stream.</summary>
    public static Refusal Stopping(string region) =>
        new() { Code = RefusalCode.RegionLost, Message = $"A silo of region '{region}' stopped before the stream had ended.", RetryAfterMs = 1000 };

    /// <summary>Another region can continue the stream.</summary>
    public static Refusal RegionDraining(string region) =>
        new() { Code = RefusalCode.RegionLost, Message = $"Region '{region}' is draining: the stream goes on in another.", RetryAfterMs = 1000 };

    /// <summary>
    /// Another replica can continue the stream, also one of the same region. The region is not lost, and no circuit breaker counts this refusal.
    /// </summary>
    public static Refusal ReplicaDraining(in ShardKey key) =>
        new() { Code = RefusalCode.NotReady, Message = $"Replica {key.Replica} of '{key.Model}' is draining: the stream goes on at another.", RetryAfterMs = 1000 };

    public static Refusal Lost(string region, string why) =>
        new() { Code = RefusalCode.RegionLost, Message = $"Region '{region}' lost the stream: {why}", RetryAfterMs = 1000 };

    public static Refusal Unknown(in ShardKey key, Guid stream) =>
        new() { Code = RefusalCode.RegionLost, Message = $"Replica {key.Replica} of '{key.Model}' has no stream {stream}: it was closed, was not read for long, or the replica was loaded anew.", RetryAfterMs = 1000 };

    /// <summary>Another replica can continue the stream.</summary>
    public static Refusal EngineLost(in ShardKey key) =>
        new() { Code = RefusalCode.NotReady, Message = $"Replica {key.Replica} of '{key.Model}' lost its engine before the stream had ended.", RetryAfterMs = 1000 };

    /// <param name="work">The work that failed, for example <c>stream</c> and its id.</param>
    /// <param name="cause">The failure. The caller gets its message only if the failure concerns this work alone. All other messages are only for the
    /// log.</param>
    public static Refusal Fault(in ShardKey key, string work, Exception cause) => new()
    {
        Code = RefusalCode.Internal,
        Message = cause is FailedAloneException alone
            ? $"{alone.Message} The region's log has the details of {work}."
            : $"Model '{key.Model}' failed on {work}; the region's log has the details.",
    };
}
