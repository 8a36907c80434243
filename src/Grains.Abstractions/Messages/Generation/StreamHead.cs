using MessagePack;

namespace Meridian.Messages.Generation;

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
