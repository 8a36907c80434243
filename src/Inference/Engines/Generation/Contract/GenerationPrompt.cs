using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>A prompt. Exactly one of the properties is set.</summary>
public sealed record GenerationPrompt
{
    /// <value>Text. The tokenizer adds its special tokens.</value>
    public string? Text { get; init; }

    /// <value>Token ids, used unchanged.</value>
    public int[]? TokenIds { get; init; }

    /// <value>A conversation. The model's chat template renders it.</value>
    public ChatTurn[]? Messages { get; init; }
}
