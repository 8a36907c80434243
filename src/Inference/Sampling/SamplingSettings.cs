namespace Meridian.Inference.Sampling;

/// <summary>How a token is chosen. Penalties look at generated tokens only.</summary>
public sealed record SamplingSettings
{
    /// <value>0 (greedy) to 2.</value>
    public float Temperature { get; init; } = 1;

    /// <value>Above 0, up to 1.</value>
    public float TopP { get; init; } = 1;

    /// <value>Most candidates; 0 for all.</value>
    public int TopK { get; init; }

    /// <value>Least probability of a candidate relative to the best, 0 to 1.</value>
    public float MinP { get; init; }

    /// <value>Above 0; 1 for none.</value>
    public float RepetitionPenalty { get; init; } = 1;

    /// <value>-2 to 2.</value>
    public float PresencePenalty { get; init; }

    /// <value>-2 to 2.</value>
    public float FrequencyPenalty { get; init; }

    /// <value>Added to the logits of single tokens, -100 to 100.</value>
    public IReadOnlyList<(int TokenId, float Bias)> LogitBias { get; init; } = [];

    /// <value>With the choice's index and the token's position it determines every draw.</value>
    public long Seed { get; init; }
}
