namespace Meridian.Load;

/// <summary>What kills of regions did to a load that ran meanwhile.</summary>
public sealed record KillReport
{
    public required int Kills { get; init; }

    public required int Requests { get; init; }

    /// <value>Requests without a 200.</value>
    public required LoadSample[] Failed { get; init; }

    /// <value>Latencies of requests that a kill touched: in flight at the moment of a kill, or answered by a second attempt.</value>
    public required Percentiles Affected { get; init; }

    /// <value>Latencies of those that needed more than one attempt.</value>
    public required Percentiles Retried { get; init; }

    /// <value>Latencies of all other requests.</value>
    public required Percentiles Undisturbed { get; init; }

    public static KillReport Of(IReadOnlyCollection<LoadSample> samples, IReadOnlyCollection<TimeSpan> kills)
    {
        var affected = samples.Where(s => s.Attempts > 1 || kills.Any(k => s.Due <= k && k <= s.Done)).ToHashSet();
        return new KillReport
        {
            Kills = kills.Count,
            Requests = samples.Count,
            Failed = [.. samples.Where(s => s.Status != 200 || s.Error is not null).OrderBy(s => s.Index)],
            Affected = Percentiles.Of(affected.Select(s => s.Latency)),
            Retried = Percentiles.Of(samples.Where(s => s.Attempts > 1).Select(s => s.Latency)),
            Undisturbed = Percentiles.Of(samples.Where(s => !affected.Contains(s)).Select(s => s.Latency)),
        };
    }

    public override string ToString() =>
        $"""
        {Kills} kills, {Requests} requests, {Failed.Length} failed
          affected (in flight at a kill, or retried): {Affected}
          retried:                                    {Retried}
          undisturbed:                                {Undisturbed}
        """;
}
