using MessagePack;

namespace Meridian.Messages;

/// <summary>How a token is chosen. Penalties look at generated tokens only, so that a stream that goes on elsewhere chooses alike.</summary>
[GenerateSerializer, Immutable, Alias("meridian.SamplingInput"), MessagePackObject]
public sealed record SamplingInput
{
    /// <value>0 (greedy) to 2.</value>
    [Id(0), Key(0)] public float Temperature { get; init; } = 1;

    /// <value>Above 0, up to 1.</value>
    [Id(1), Key(1)] public float TopP { get; init; } = 1;

    /// <value>Maximum number of candidates; 0 for all.</value>
    [Id(2), Key(2)] public int TopK { get; init; }

    /// <value>Least probability of a candidate relative to the best, 0 to 1.</value>
    [Id(3), Key(3)] public float MinP { get; init; }

    /// <value>Above 0; 1 for none.</value>
    [Id(4), Key(4)] public float RepetitionPenalty { get; init; } = 1;

    /// <value>-2 to 2.</value>
    [Id(5), Key(5)] public float PresencePenalty { get; init; }

    /// <value>-2 to 2.</value>
    [Id(6), Key(6)] public float FrequencyPenalty { get; init; }

    /// <value>Values that are added to the logits of single tokens.</value>
    [Id(7), Key(7)] public LogitBias[] LogitBias { get; init; } = [];

    /// <value>The seed. With the index of the choice and the position of the token it determines every draw. If the caller gives none, the edge draws one.</value>
    [Id(8), Key(8)] public required long Seed { get; init; }
}

/// <param name="TokenId">Id of the model's vocabulary.</param>
/// <param name="Bias">-100 to 100, added to the token's logit before anything else.</param>
[GenerateSerializer, Immutable, Alias("meridian.LogitBias"), MessagePackObject]
public readonly record struct LogitBias([property: Id(0), Key(0)] int TokenId, [property: Id(1), Key(1)] float Bias);
