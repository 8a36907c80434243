using MessagePack;

namespace Meridian.Messages;

/// <summary>What was computed: one case a kind of model.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferOutput")]
[Union(0, typeof(EmbeddingOutput))]
[Union(1, typeof(TokenizeOutput))]
[Union(2, typeof(DetokenizeOutput))]
public abstract record InferOutput;

/// <summary>Embeddings in the order of the input's items.</summary>
[GenerateSerializer, Immutable, Alias("meridian.EmbeddingOutput"), MessagePackObject]
public sealed record EmbeddingOutput : InferOutput
{
    /// <value>Number of vectors.</value>
    [Id(0), Key(0)] public required int Rows { get; init; }

    /// <value>Length of each vector.</value>
    [Id(1), Key(1)] public required int Dimensions { get; init; }

    /// <value>[Rows, Dimensions] float32, little-endian, row-major: the bytes that OpenAI's base64 encoding carries.</value>
    [Id(2), Key(2)] public required byte[] Vectors { get; init; }

    /// <value>Tokens that were run, special tokens included, summed over the items.</value>
    [Id(3), Key(3)] public required int PromptTokens { get; init; }
}

/// <summary>The ids of a prompt.</summary>
[GenerateSerializer, Immutable, Alias("meridian.TokenizeOutput"), MessagePackObject]
public sealed record TokenizeOutput : InferOutput
{
    [Id(0), Key(0)] public required int[] TokenIds { get; init; }

    /// <value>The model's context, tokens.</value>
    [Id(1), Key(1)] public required int ContextLength { get; init; }

    /// <value>One a token where asked for, else null.</value>
    [Id(2), Key(2)] public string[]? Texts { get; init; }
}

/// <summary>The text of ids, special tokens left out.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DetokenizeOutput"), MessagePackObject]
public sealed record DetokenizeOutput : InferOutput
{
    [Id(0), Key(0)] public required string Text { get; init; }
}
