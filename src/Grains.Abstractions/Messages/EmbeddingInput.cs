using MessagePack;

namespace Meridian.Messages;

/// <summary>Items to embed: either <see cref="Texts"/> or <see cref="TokenIds"/> is set, never both.</summary>
[GenerateSerializer, Immutable, Alias("meridian.EmbeddingInput"), MessagePackObject]
public sealed record EmbeddingInput : InferInput
{
    /// <value>Texts, one an item.</value>
    [Id(0), Key(0)] public string[]? Texts { get; init; }

    /// <value>Ids of the model's vocabulary without special tokens, one array an item.</value>
    [Id(1), Key(1)] public int[][]? TokenIds { get; init; }

    /// <value>Leading dimensions to keep (renormalised), or null for all.</value>
    [Id(2), Key(2)] public int? Dimensions { get; init; }

    /// <value>True cuts an item to the model's limit; false refuses it.</value>
    [Id(3), Key(3)] public bool Truncate { get; init; }

    /// <value>Number of items.</value>
    [IgnoreMember] public int Count => Texts?.Length ?? TokenIds?.Length ?? 0;
}
