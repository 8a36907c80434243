namespace Meridian.Simulation.Engine;

/// <summary>What callers saw of one strategy.</summary>
/// <param name="strategy">Name.</param>
/// <param name="horizonMs">End of the trace, ms.</param>
internal sealed class Outcome(string strategy, double horizonMs)
{
    private readonly List<double> _firstMs = [];
    private readonly List<double> _completionMs = [];
    private long _tokensInTime;
    private long _cached;
    private long _prompt;

    public string Strategy => strategy;

    public int Finished { get; private set; }

    public int Failed { get; private set; }

    /// <value>Neither, a minute after the last arrival.</value>
    public int Unfinished { get; set; }

    /// <value>Answered by another region than the caller's.</value>
    public int Remote { get; private set; }

    /// <value>Answers that went on in another region after their first tokens.</value>
    public int Moved { get; private set; }

    /// <value>In hours of a replica in the cheapest region.</value>
    public double Cost { get; set; }

    /// <value>Tokens of answers that were complete before the trace ended, a second.</value>
    public double TokensPerSecond => _tokensInTime / (horizonMs / 1000);

    /// <value>Share of prompt tokens that needed no computation.</value>
    public double Cached => _prompt == 0 ? 0 : (double)_cached / _prompt;

    /// <value>Cost of a million tokens.</value>
    public double CostPerMillion => _tokensInTime == 0 ? double.PositiveInfinity : Cost / _tokensInTime * 1_000_000;

    public double FirstMs(double percentile) => Percentile(_firstMs, percentile);

    public double CompletionMs(double percentile) => Percentile(_completionMs, percentile);

    public double MeanFirstMs => _firstMs.Count == 0 ? double.NaN : _firstMs.Average();

    public double MeanCompletionMs => _completionMs.Count == 0 ? double.NaN : _completionMs.Average();

    public void Finish(Job job, double nowMs)
    {
        Finished++;
        _firstMs.Add(job.FirstTokenMs - job.ArrivedMs);
        _completionMs.Add(nowMs - job.ArrivedMs);
        Remote += job.Region == job.Edge ? 0 : 1;
        Moved += job.Moves > 0 ? 1 : 0;
        _cached += job.Cached;
        _prompt += job.PromptTokens;
        if (nowMs <= horizonMs)
            _tokensInTime += job.OutputTokens;
    }

    public void Fail(Job job)
    {
        Failed++;
        job.Attempt++;
    }

    private static double Percentile(List<double> values, double percentile)
    {
        if (values.Count == 0)
            return double.NaN;
        values.Sort();
        return values[Math.Clamp((int)Math.Ceiling(values.Count * percentile / 100) - 1, 0, values.Count - 1)];
    }
}
