namespace Meridian.Routing.Tests.Simulation;

/// <summary>What became of a run's requests.</summary>
internal sealed record RoutedRun(IReadOnlyList<RoutedRequest> Requests)
{
    public double MeanMs => Requests.Average(r => r.CompletionMs);

    public double MeanRegretMs => Requests.Average(r => r.RegretMs);

    public double QuantileMs(double quantile)
    {
        var sorted = Requests.Select(r => r.CompletionMs).Order().ToArray();
        return sorted[(int)Math.Min(quantile * sorted.Length, sorted.Length - 1)];
    }

    /// <summary>Share of an edge's requests that went to a region, by slices of time.</summary>
    public double[] Shares(int edge, int region, double sliceMs)
    {
        var slices = Requests.Where(r => r.Edge == edge).GroupBy(r => (int)(r.SentMs / sliceMs)).OrderBy(g => g.Key);
        return [.. slices.Select(g => g.Count(r => r.Region == region) / (double)g.Count())];
    }
}
