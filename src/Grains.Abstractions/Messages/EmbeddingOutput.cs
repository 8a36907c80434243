using MessagePack;

namespace Meridian.Messages;

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
