using MessagePack;

namespace Meridian.Messages.Generation;

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
