using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>What to generate. Choice <c>p * ChoicesPerPrompt + k</c> is the k-th continuation of prompt p.</summary>
public sealed record GenerationWork
{
    public required GenerationPrompt[] Prompts { get; init; }

    public int ChoicesPerPrompt { get; init; } = 1;

    /// <value>Most tokens generated for each choice, those of <see cref="Resume"/> included; null goes on to the end of the context.</value>
    public int? MaxTokens { get; init; }

    /// <value>Most tokens of a prompt and what continues it together where <see cref="MaxTokens"/> is null, if fewer than the engine's own; at least one token is generated. Null for that.</value>
    public int? ContextLength { get; init; }

    public SamplingSettings Sampling { get; init; } = new();

    /// <value>Texts that end a choice; they are not returned.</value>
    public string[] Stop { get; init; } = [];

    /// <value>Null for no log probabilities, else the number of alternatives beside the chosen token, 0 to 20.</value>
    public int? TopLogprobs { get; init; }

    public bool IgnoreEndOfText { get; init; }

    /// <value>Where the choices stand that go on from elsewhere; choices not listed are done and are not run. Null begins all.</value>
    public ChoiceState[]? Resume { get; init; }

    /// <value>Whether tokens and log probabilities must be the same to the last bit whatever happens; else whatever is fastest is done.</value>
    public bool Reproducible { get; init; }

    /// <value>With <see cref="Resume"/>: the arithmetic that computed what was generated elsewhere; null where it is not known. Another one's bits are others.</value>
    public string? Arithmetic { get; init; }

    /// <value>True wants the prompts' texts, too.</value>
    public bool Echo { get; init; }

    /// <value>On whose behalf: batches are fair between tenants, and cached prefixes are never shared across them.</value>
    public string Tenant { get; init; } = "default";
}
