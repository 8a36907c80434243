namespace Meridian.ModelTools.Corpora;

/// <summary>How a teacher writes.</summary>
public sealed record CorpusPlan
{
    /// <value>Says who writes: the model's version.</value>
    public required string Teacher { get; init; }

    /// <value>Texts written at once. Part of what makes them the same again: numbers differ in their last bits with what shares a run.</value>
    public required int SideBySide { get; init; }

    /// <value>With a text's number it determines every draw.</value>
    public required long Seed { get; init; }

    /// <value>Text n is drawn at the one numbered n modulo their count.</value>
    public required IReadOnlyList<float> Temperatures { get; init; }

    /// <value>Likeliest tokens that are kept of every position.</value>
    public required int Top { get; init; }

    /// <value>Most tokens of a text.</value>
    public required int Length { get; init; }

    /// <value>Beginnings that texts are drawn from, in turn; each at least one token.</value>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    /// <value>Tokens that end a text.</value>
    public required IReadOnlyList<int> EndIds { get; init; }
}
