namespace Meridian.ModelTools.Corpora;

/// <summary>How a teacher writes.</summary>
public sealed record CorpusPlan
{
    /// <value>The version of the model that writes.</value>
    public required string Teacher { get; init; }

    /// <value>Number of texts that are written together. The last bits of the logits depend on it, so a run with another number writes other texts.</value>
    public required int SideBySide { get; init; }

    /// <value>The seed. Seed and text number determine every draw of a text.</value>
    public required long Seed { get; init; }

    /// <value>The temperatures in turn: text n uses the temperature with index n modulo their number.</value>
    public required IReadOnlyList<float> Temperatures { get; init; }

    /// <value>Number of likeliest tokens that are kept for every position.</value>
    public required int Top { get; init; }

    /// <value>Maximum number of tokens in a text.</value>
    public required int Length { get; init; }

    /// <value>The beginnings of the texts in turn. Each has at least one token.</value>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    /// <value>The tokens that end a text.</value>
    public required IReadOnlyList<int> EndIds { get; init; }
}
