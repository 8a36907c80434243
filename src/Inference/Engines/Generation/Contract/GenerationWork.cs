using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>A request to generate text. Choice <c>p * ChoicesPerPrompt + k</c> is the k-th continuation of prompt p.</summary>
public sealed record GenerationWork
{
    public required GenerationPrompt[] Prompts { get; init; }

    public int ChoicesPerPrompt { get; init; } = 1;

    /// <value>Most tokens generated for each choice, including those of <see cref="Resume"/>. Null: until the end of the context.</value>
    public int? MaxTokens { get; init; }

    /// <value>
    /// Most tokens of a prompt and its continuation together. Used only if <see cref="MaxTokens"/> is null and the value is below the engine's own limit, which
    /// applies if the value is null. At least one token is generated in any case.
    /// </value>
    public int? ContextLength { get; init; }

    public SamplingSettings Sampling { get; init; } = new();

    /// <value>Texts that end a choice. They are not part of the returned text.</value>
    public string[] Stop { get; init; } = [];

    /// <value>Number of alternatives to report beside the chosen token, 0 to 20. Null: no log probabilities at all.</value>
    public int? TopLogprobs { get; init; }

    public bool IgnoreEndOfText { get; init; }

    /// <value>States of the choices to resume from another replica. Choices that are not listed have ended and do not run. Null starts all choices.</value>
    public ChoiceState[]? Resume { get; init; }

    /// <value>Whether tokens and log probabilities must be the same to the last bit in all circumstances. False: the engine uses the fastest way.</value>
    public bool Reproducible { get; init; }

    /// <value>
    /// With <see cref="Resume"/>: name of the arithmetic that computed the resumed tokens, or null if unknown. Another arithmetic gives other bits.
    /// </value>
    public string? Arithmetic { get; init; }

    /// <value>Whether the head must contain the texts of the prompts.</value>
    public bool Echo { get; init; }

    /// <value>The tenant of the request. Batches are fair between tenants, and cached prefixes are never shared between them.</value>
    public string Tenant { get; init; } = "default";
}
