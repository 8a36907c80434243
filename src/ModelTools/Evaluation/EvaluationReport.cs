namespace Meridian.ModelTools.Evaluation;

/// <summary>How good a model is on texts that it was not trained on.</summary>
public sealed record EvaluationReport
{
    public required ModelReport Model { get; init; }

    /// <value>The model it is held against, on the same texts; null without.</value>
    public ModelReport? Against { get; init; }

    /// <value>Part of the positions where both have the same likeliest token, 0 to 1; null without a model to hold it against.</value>
    public double? Agreement { get; init; }

    /// <value>Perplexity by the other's; null without one.</value>
    public double? PerplexityRatio { get; init; }

    /// <value>Where the texts come from, in words.</value>
    public required string Source { get; init; }

    public required int Texts { get; init; }

    /// <value>Tokens that were predicted.</value>
    public required long Tokens { get; init; }
}

/// <summary>One model of an evaluation.</summary>
public sealed record ModelReport
{
    public required string Folder { get; init; }

    public required int Layers { get; init; }

    /// <value>Bytes of the folder's model files.</value>
    public required long Bytes { get; init; }

    /// <value>Exponential of the mean negative log probability of a token.</value>
    public required double Perplexity { get; init; }

    /// <value>Tokens a second of one text alone.</value>
    public required double TokensPerSecond { get; init; }

    /// <value>Tokens a second of <see cref="EvaluationOptions.SideBySide"/> texts together.</value>
    public required double TokensPerSecondTogether { get; init; }

    /// <value>Texts of the model, drawn with seeds 0, 1, 2, and so on: none is chosen.</value>
    public required IReadOnlyList<string> Samples { get; init; }
}
