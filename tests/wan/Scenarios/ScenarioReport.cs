using System.Globalization;
using Meridian.Benchmarks;
using Meridian.Load;

namespace Meridian.Wan.Scenarios;

/// <summary>What callers saw and what observers said of one scenario.</summary>
internal sealed record ScenarioReport
{
    public required string Scenario { get; init; }

    public required string What { get; init; }

    public required string Victim { get; init; }

    /// <value>Seconds of load before the fault began, and until it ended.</value>
    public required double FaultFrom { get; init; }

    public required double FaultTo { get; init; }

    public required Row[] Callers { get; init; }

    public required MovedStreams AtTheFault { get; init; }

    public required Noticed[] Observers { get; init; }

    public required string[] Notes { get; init; }

    public required string Machine { get; init; }

    public void Print()
    {
        Table.Print(
            $"{Scenario}: {What}",
            ["callers in", "asked for", "phase", "requests", "failed", "p50 ms", "p99 ms", "max ms", "served by"],
            [.. Callers.Select(row => new[]
            {
                row.Site, row.Kind, row.Phase, Text(row.Requests), Counts(row.Failures, "0"), Ms(row.Latency.P50), Ms(row.Latency.P99), Ms(row.Latency.Max), Counts(row.Served, "none"),
            })]);
        Table.Print(
            $"Observers of {Victim}",
            ["edge in", "first doubt after s", "said", "alive again after s", "changes"],
            [.. Observers.Select(o => new[] { o.Site, Seconds(o.DoubtAfter), o.Said ?? "alive throughout", Seconds(o.BackAfter), Text(o.Changes) })]);
        var at = AtTheFault;
        Console.WriteLine($"Streams that {Victim} served when the fault began: {at.Streams}; came to their end: {at.Completed}, longest silence p50 {Ms(at.Stall.P50)} ms, max {Ms(at.Stall.Max)} ms; failed: {Counts(at.Failures, "0")}; other text than undisturbed: {at.OtherText}.");
        foreach (var note in Notes)
        {
            Console.WriteLine($"- {note}");
        }

        Console.WriteLine();
    }

    private static string Ms(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Seconds(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Counts(IReadOnlyDictionary<string, int> counts, string none) =>
        counts.Count == 0 ? none : string.Join(", ", counts.OrderByDescending(pair => pair.Value).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")));

    /// <param name="Site">Where the callers are.</param>
    /// <param name="Kind"><c>embeddings</c>, or <c>streams</c>: their latency is that of the first token.</param>
    /// <param name="Phase"><c>before</c>, <c>during</c> (what the fault met at all), <c>after</c>.</param>
    /// <param name="Requests">Number.</param>
    /// <param name="Failures">By code.</param>
    /// <param name="Latency">Of the answered ones, ms.</param>
    /// <param name="Served">By region.</param>
    internal sealed record Row(string Site, string Kind, string Phase, int Requests, IReadOnlyDictionary<string, int> Failures, Percentiles Latency, IReadOnlyDictionary<string, int> Served);

    /// <param name="Streams">That the victim served when the fault began.</param>
    /// <param name="Completed">That came to their end, wherever.</param>
    /// <param name="Stall">Longest silence of those, ms.</param>
    /// <param name="Failures">Of the others, by code.</param>
    /// <param name="OtherText">Completed with another text than the undisturbed ones.</param>
    internal sealed record MovedStreams(int Streams, int Completed, Percentiles Stall, IReadOnlyDictionary<string, int> Failures, int OtherText);

    /// <param name="Site">Of the observing edge.</param>
    /// <param name="DoubtAfter">Seconds from the fault's beginning to the first status that is not <c>alive</c>, or null.</param>
    /// <param name="Said">Every status during the fault, in order.</param>
    /// <param name="BackAfter">Seconds from the fault's end to <c>alive</c> for the rest of the run, or null.</param>
    /// <param name="Changes">Changes of status from the fault's beginning on.</param>
    internal sealed record Noticed(string Site, double? DoubtAfter, string? Said, double? BackAfter, int Changes);
}
