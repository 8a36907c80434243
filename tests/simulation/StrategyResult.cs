namespace Meridian.Simulation;

/// <summary>Figures of one strategy. Times in ms.</summary>
internal sealed record StrategyResult
{
    public required string Strategy { get; init; }

    public required double TokensPerSecond { get; init; }

    public required double FirstMean { get; init; }

    public required double FirstP50 { get; init; }

    public required double FirstP90 { get; init; }

    public required double FirstP99 { get; init; }

    public required double CompletionMean { get; init; }

    public required double CompletionP99 { get; init; }

    /// <value>Share answered by another region than the caller's.</value>
    public required double Remote { get; init; }

    /// <value>Share of prompt tokens that needed no computation.</value>
    public required double Cached { get; init; }

    public required int Finished { get; init; }

    public required int Failed { get; init; }

    public required int Unfinished { get; init; }

    public required int Moved { get; init; }

    /// <value>Of a million tokens, in hours of a replica in the cheapest region.</value>
    public required double CostPerMillion { get; init; }
}
