using MessagePack;

namespace Meridian.Messages;

/// <summary>
/// The answer to opening or reading a stream: a refusal or a frame. The answer to opening also has the head. Between regions the region protocol's <c>Open</c>
/// sends these answers as messages: the first has the head, and each later message has only a frame.
/// </summary>
[GenerateSerializer, Immutable, Alias("meridian.StreamReply"), MessagePackObject]
public sealed record StreamReply
{
    [Id(0), Key(0)] public StreamHead? Head { get; init; }

    [Id(1), Key(1)] public StreamFrame? Frame { get; init; }

    /// <value>Why the stream was not opened, or why it cannot continue. The stream has then ended.</value>
    [Id(2), Key(2)] public Refusal? Refusal { get; init; }

    public static StreamReply Refuse(RefusalCode code, string message, string? param = null, int retryAfterMs = 0) =>
        new() { Refusal = new Refusal { Code = code, Message = message, Param = param, RetryAfterMs = retryAfterMs } };
}

/// <summary>The properties of a stream, known with its first tokens. Together with the ids received, they are all that another region needs to continue it.</summary>
[GenerateSerializer, Immutable, Alias("meridian.StreamHead"), MessagePackObject]
public sealed record StreamHead
{
    /// <value>Region that serves.</value>
    [Id(0), Key(0)] public required string Region { get; init; }

    [Id(1), Key(1)] public required string Model { get; init; }

    [Id(2), Key(2)] public required string Version { get; init; }

    [Id(3), Key(3)] public required string Variant { get; init; }

    /// <value>Text of the <see cref="Grains.ShardKey"/> that runs the stream; empty outside the region.</value>
    [Id(4), Key(4)] public string Shard { get; init; } = "";

    /// <value>The id of the stream at its shard.</value>
    [Id(5), Key(5)] public required Guid Stream { get; init; }

    /// <value>Ids of each prompt as the engine ran them, with special tokens.</value>
    [Id(6), Key(6)] public required int[][] PromptIds { get; init; }

    /// <value>Text of each prompt if the input asked for an echo; otherwise null.</value>
    [Id(7), Key(7)] public string[]? PromptTexts { get; init; }

    /// <value>Number of prompt tokens whose keys and values were in the cache, summed over the prompts.</value>
    [Id(8), Key(8)] public int CachedTokens { get; init; }

    /// <value>Time from admission to the first computation, ms.</value>
    [Id(9), Key(9)] public float QueueMs { get; init; }

    /// <value>Maximum number of tokens of a prompt and its continuation together in the engine of the stream; 0 if the sender does not report it.</value>
    [Id(10), Key(10)] public int ContextLength { get; init; }

    /// <value>
    /// Everything that decides the bits of a result besides version and variant: provider, instruction set and version of ONNX Runtime, for example
    /// <c>cpu-avx512vnni-ort1.31.1</c>. Empty if the sender does not report it.
    /// </value>
    [Id(11), Key(11)] public string Arithmetic { get; init; } = "";

    /// <summary>Whether the same tokens have the same bits in both streams; false if one of them does not report its arithmetic.</summary>
    public bool HasArithmeticOf(StreamHead other) => Arithmetic.Length > 0 && Arithmetic == other?.Arithmetic;

    /// <value>Tokens of all prompts.</value>
    [IgnoreMember]
    public int PromptTokens
    {
        get
        {
            var tokens = 0;
            foreach (var ids in PromptIds) tokens += ids.Length;
            return tokens;
        }
    }
}

/// <summary>Tokens of a stream, in order. Frames follow each other without a gap: each begins at the <see cref="Next"/> of the previous frame.</summary>
[GenerateSerializer, Immutable, Alias("meridian.StreamFrame"), MessagePackObject]
public sealed record StreamFrame
{
    /// <value>Number of tokens of the stream before this frame, all choices together; 0 for the first frame. A stream that moves counts from 0 again.</value>
    [Id(0), Key(0)] public required long Offset { get; init; }

    /// <value>Number of tokens of the stream up to the end of this frame.</value>
    [Id(1), Key(1)] public required long Next { get; init; }

    /// <value>At most one group a choice.</value>
    [Id(2), Key(2)] public required TokenGroup[] Groups { get; init; }

    /// <value>Whether all choices are complete. No frame follows then.</value>
    [Id(3), Key(3)] public bool End { get; init; }

    /// <value>Whether the tokens from this frame on may differ from those of a reproducible request that runs alone. Stays true to the end of the stream.</value>
    [Id(4), Key(4)] public bool Inexact { get; init; }
}
