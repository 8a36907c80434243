using MessagePack;

namespace Meridian.Messages.Generation;

/// <summary>What to continue; exactly one of the three is set.</summary>
[GenerateSerializer, Immutable, Alias("meridian.PromptInput"), MessagePackObject]
public sealed record PromptInput
{
    /// <value>Text as it is; the tokenizer puts its special tokens around it.</value>
    [Id(0), Key(0)] public string? Text { get; init; }

    /// <value>Ids of the model's vocabulary, taken as they are: nothing is put in front.</value>
    [Id(1), Key(1)] public int[]? TokenIds { get; init; }

    /// <value>A conversation, to be rendered by the model's chat template.</value>
    [Id(2), Key(2)] public ChatMessage[]? Messages { get; init; }
}
