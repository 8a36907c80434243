namespace Meridian.ModelTools.Evaluation;

/// <summary>The quality of a model on texts that it was not trained on.</summary>
public sealed record EvaluationReport
{
    public required ModelReport Model { get; init; }

    /// <value>The other model, on the same texts; null if there is none.</value>
    public ModelReport? Against { get; init; }

    /// <value>Share of the positions where both models have the same likeliest token, 0 to 1; null without another model.</value>
    public double? Agreement { get; init; }

    /// <value>Perplexity divided by that of the other model; null without another model.</value>
    public double? PerplexityRatio { get; init; }

    /// <value>Where the texts come from, in words.</value>
    public required string Source { get; init; }

    public required int Texts { get; init; }

    /// <value>Number of predicted tokens.</value>
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

    /// <value>Tokens per second with a single text.</value>
    public required double TokensPerSecond { get; init; }

    /// <value>Tokens per second with <see cref="EvaluationOptions.SideBySide"/> texts together.</value>
    public required double TokensPerSecondTogether { get; init; }

    /// <value>Texts of the model, drawn with seeds 0, 1, 2 and so on. They are not selected.</value>
    public required IReadOnlyList<string> Samples { get; init; }
}
