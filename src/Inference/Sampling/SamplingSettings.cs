namespace Meridian.Inference.Sampling;

/// <summary>Settings that decide how a token is sampled. Penalties apply only to generated tokens.</summary>
public sealed record SamplingSettings
{
    /// <value>0 (greedy) to 2.</value>
    public float Temperature { get; init; } = 1;

    /// <value>Above 0, up to 1.</value>
    public float TopP { get; init; } = 1;

    /// <value>Most candidates; 0 for no limit.</value>
    public int TopK { get; init; }

    /// <value>Least probability of a candidate relative to the best candidate, 0 to 1.</value>
    public float MinP { get; init; }

    /// <value>Above 0; 1 for no penalty.</value>
    public float RepetitionPenalty { get; init; } = 1;

    /// <value>-2 to 2.</value>
    public float PresencePenalty { get; init; }

    /// <value>-2 to 2.</value>
    public float FrequencyPenalty { get; init; }

    /// <value>Added to the logits of single tokens, -100 to 100.</value>
    public IReadOnlyList<(int TokenId, float Bias)> LogitBias { get; init; } = [];

    /// <value>Determines every draw, together with the index of the choice and the position of the token.</value>
    public long Seed { get; init; }
}
