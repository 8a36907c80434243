using MessagePack;

namespace Meridian.Messages;

/// <summary>
/// A result or a refusal, exactly one of them. A refusal is an answer, not an exception: under overload they are frequent and must stay cheap.
/// </summary>
[GenerateSerializer, Immutable, Alias("meridian.InferReply"), MessagePackObject]
public sealed record InferReply
{
    [Id(0), Key(0)] public InferResult? Result { get; init; }

    [Id(1), Key(1)] public Refusal? Refusal { get; init; }

    public static InferReply Of(InferResult result) => new() { Result = result };

    public static InferReply Refuse(RefusalCode code, string message, string? param = null, int retryAfterMs = 0) =>
        new() { Refusal = new Refusal { Code = code, Message = message, Param = param, RetryAfterMs = retryAfterMs } };
}
