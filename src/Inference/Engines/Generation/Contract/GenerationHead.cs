namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>The data of a stream that is known before its first token.</summary>
public sealed record GenerationHead
{
    /// <value>Ids of each prompt as the model runs them, including special tokens.</value>
    public required int[][] PromptIds { get; init; }

    /// <value>Text of each prompt if an echo was requested, else null.</value>
    public string[]? PromptTexts { get; init; }
}
