namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>What is known of a stream before its first token.</summary>
public sealed record GenerationHead
{
    /// <value>Ids of each prompt as they are run, special tokens included.</value>
    public required int[][] PromptIds { get; init; }

    /// <value>Text of each prompt where an echo was asked for, else null.</value>
    public string[]? PromptTexts { get; init; }
}
