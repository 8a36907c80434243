using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>
/// Answer to opening or reading a stream: a refusal, or a frame. The first one also has the head. Between regions it is a message of the region protocol's
/// <c>Open</c>, where every message after the first has a frame alone.
/// </summary>
[GenerateSerializer, Immutable, Alias("meridian.StreamReply"), MessagePackObject]
public sealed record StreamReply
{
    [Id(0), Key(0)] public StreamHead? Head { get; init; }

    [Id(1), Key(1)] public StreamFrame? Frame { get; init; }

    /// <value>Why the stream was not opened, or why it cannot go on; it then has ended.</value>
    [Id(2), Key(2)] public Refusal? Refusal { get; init; }

    public static StreamReply Refuse(RefusalCode code, string message, string? param = null, int retryAfterMs = 0) =>
        new() { Refusal = new Refusal { Code = code, Message = message, Param = param, RetryAfterMs = retryAfterMs } };
}
