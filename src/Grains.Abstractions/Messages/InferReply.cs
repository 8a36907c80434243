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

/// <summary>A computed answer and where it came from.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferResult"), MessagePackObject]
public sealed record InferResult
{
    /// <value>Region that served.</value>
    [Id(0), Key(0)] public required string Region { get; init; }

    [Id(1), Key(1)] public required string Model { get; init; }

    /// <value>Version that served, for example <c>v2@9f3c1a20</c>.</value>
    [Id(2), Key(2)] public required string Version { get; init; }

    [Id(3), Key(3)] public required string Variant { get; init; }

    [Id(4), Key(4)] public required InferOutput Output { get; init; }

    /// <value>Time in the engine's queue, ms.</value>
    [Id(5), Key(5)] public float QueueMs { get; init; }

    /// <value>Time in the engine after the queue, ms.</value>
    [Id(6), Key(6)] public float ServiceMs { get; init; }
}
