using MessagePack;

namespace Meridian.Messages;

/// <summary>What to compute: one case a kind of model.</summary>
[GenerateSerializer, Immutable, Alias("meridian.InferInput")]
[Union(0, typeof(EmbeddingInput))]
[Union(1, typeof(GenerationInput))]
[Union(2, typeof(TokenizeInput))]
[Union(3, typeof(DetokenizeInput))]
public abstract record InferInput;

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

/// <summary>Asks for the ids of a prompt.</summary>
[GenerateSerializer, Immutable, Alias("meridian.TokenizeInput"), MessagePackObject]
public sealed record TokenizeInput : InferInput
{
    [Id(0), Key(0)] public required PromptInput Prompt { get; init; }

    /// <value>Whether the tokenizer puts its special tokens around a text. A conversation's template brings its own.</value>
    [Id(1), Key(1)] public bool AddSpecialTokens { get; init; } = true;

    /// <value>Whether a conversation ends with the opening of the assistant's turn.</value>
    [Id(2), Key(2)] public bool AddGenerationPrompt { get; init; } = true;

    /// <value>Whether the tokens' texts are wanted, too.</value>
    [Id(3), Key(3)] public bool Texts { get; init; }
}

/// <summary>Asks for the text of ids.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DetokenizeInput"), MessagePackObject]
public sealed record DetokenizeInput : InferInput
{
    [Id(0), Key(0)] public required int[] TokenIds { get; init; }
}
