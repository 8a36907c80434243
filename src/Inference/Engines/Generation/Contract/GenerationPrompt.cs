using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>What to continue; exactly one is set.</summary>
public sealed record GenerationPrompt
{
    /// <value>Text; the tokenizer puts its special tokens around it.</value>
    public string? Text { get; init; }

    /// <value>Ids, taken as they are.</value>
    public int[]? TokenIds { get; init; }

    /// <value>A conversation, to be rendered by the model's chat template.</value>
    public ChatTurn[]? Messages { get; init; }
}
