using MessagePack;

namespace Meridian.Messages;

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

/// <summary>What is known of a stream with its first tokens, and all that is needed, with the ids received, to go on elsewhere.</summary>
[GenerateSerializer, Immutable, Alias("meridian.StreamHead"), MessagePackObject]
public sealed record StreamHead
{
    /// <value>Region that serves.</value>
    [Id(0), Key(0)] public required string Region { get; init; }

    [Id(1), Key(1)] public required string Model { get; init; }

    [Id(2), Key(2)] public required string Version { get; init; }

    [Id(3), Key(3)] public required string Variant { get; init; }

    /// <value>Text of the <see cref="Grains.ShardKey"/> that runs it; empty outside its region.</value>
    [Id(4), Key(4)] public string Shard { get; init; } = "";

    /// <value>Names the stream at its shard.</value>
    [Id(5), Key(5)] public required Guid Stream { get; init; }

    /// <value>Ids of each prompt as they were run, special tokens included.</value>
    [Id(6), Key(6)] public required int[][] PromptIds { get; init; }

    /// <value>Text of each prompt where the input asked for an echo, else null.</value>
    [Id(7), Key(7)] public string[]? PromptTexts { get; init; }

    /// <value>Prompt tokens whose keys and values were at hand, summed over the prompts.</value>
    [Id(8), Key(8)] public int CachedTokens { get; init; }

    /// <value>Time from admission to the first computation, ms.</value>
    [Id(9), Key(9)] public float QueueMs { get; init; }

    /// <value>Most tokens of a prompt and what continues it together at the engine that runs the stream; 0 where its sender does not say.</value>
    [Id(10), Key(10)] public int ContextLength { get; init; }

    /// <value>
    /// Names what decides the bits besides version and variant: provider, instruction set and ONNX Runtime's version, for example <c>cpu-avx512vnni-ort1.31.1</c>. Empty where its sender does
    /// not say.
    /// </value>
    [Id(11), Key(11)] public string Arithmetic { get; init; } = "";

    /// <summary>Whether the same tokens have the same bits there as here; false where either does not say.</summary>
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

/// <summary>Tokens of a stream, in order. Frames follow one another without gap: each begins at the <see cref="Next"/> of the one before.</summary>
[GenerateSerializer, Immutable, Alias("meridian.StreamFrame"), MessagePackObject]
public sealed record StreamFrame
{
    /// <value>Tokens of the stream, all choices together, before this frame; 0 for the first. A stream that goes on elsewhere counts from 0 again.</value>
    [Id(0), Key(0)] public required long Offset { get; init; }

    /// <value>Tokens of the stream up to the end of this frame.</value>
    [Id(1), Key(1)] public required long Next { get; init; }

    /// <value>At most one group a choice.</value>
    [Id(2), Key(2)] public required TokenGroup[] Groups { get; init; }

    /// <value>All choices are done; nothing follows.</value>
    [Id(3), Key(3)] public bool End { get; init; }

    /// <value>The request was to be reproducible, and from these tokens on its bits may be others than those of the request alone. Stays true to the stream's end.</value>
    [Id(4), Key(4)] public bool Inexact { get; init; }
}
