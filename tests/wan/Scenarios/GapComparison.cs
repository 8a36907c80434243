using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Meridian.Benchmarks;
using Meridian.Load;

namespace Meridian.Wan.Scenarios;

/// <summary>
/// The gaps between the tokens of a stream from a region 80 ms away, against those in the region itself. One stream at a time, in turns, both from eastus: near at its
/// own facade, far through the front door in uksouth.
/// </summary>
internal static class GapComparison
{
    public const string Name = "gaps";
    public const string What = "The gaps between the tokens of a stream over a round trip of 80 ms against the engine's own";

    private const int Rounds = 8;
    private const int Tokens = 400;
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(80);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <returns>Whether the bound holds.</returns>
    public static async Task<bool> RunAsync(ScenarioSettings settings)
    {
        await using var installation = new LabInstallation();
        await installation.StartAsync();
        installation.Lab.Link("uksouth", "eastus").SetRoundTrip(RoundTrip);
        var near = new List<double>();
        var far = new List<double>();
        for (var round = -1; round < Rounds; round++)
        {
            var nearGaps = await GapsAsync(installation, "eastus");
            var farGaps = await GapsAsync(installation, "uksouth");

            // The first round warms up.
            if (round >= 0)
            {
                near.AddRange(nearGaps);
                far.AddRange(farGaps);
            }
        }

        var (own, remote) = (Percentiles.Of(near), Percentiles.Of(far));
        Table.Print(
            $"{Name}: {What}",
            ["stream", "gaps", "p50 ms", "p90 ms", "p99 ms", "max ms"],
            Row("in eastus", own),
            Row("in uksouth, 80 ms away", remote));
        var ratio = remote.P50 / own.P50;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p50 far / near = {ratio:0.00}; must be 1.5 at most: {(ratio <= 1.5 ? "holds" : "DOES NOT HOLD")}"));
        Directory.CreateDirectory(settings.Out);
        await File.WriteAllTextAsync(
            Path.Combine(settings.Out, $"{Name}.json"), JsonSerializer.Serialize(new { near = own, far = remote, ratio, machine = Machine.Describe() }, Json));
        return ratio <= 1.5;
    }

    private static async Task<List<double>> GapsAsync(LabInstallation installation, string site)
    {
        var load = new StreamLoad(installation.CallerIn(site), installation.EdgeOf(site), 1, Tokens, TimeProvider.System);
        var pieces = new List<long>(Tokens);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var sample = await load.StreamAsync(TimeSpan.Zero, "us", null, () => pieces.Add(Stopwatch.GetTimestamp()), limit.Token);
        return sample is { Failure: null, Region: "eastus" }
            ? [.. pieces.Zip(pieces.Skip(1), (a, b) => Stopwatch.GetElapsedTime(a, b).TotalMilliseconds)]
            : throw new InvalidOperationException($"The stream in {site} was served by {sample.Region} and ended with {sample.Failure}.");
    }

    private static string[] Row(string name, Percentiles gaps) =>
        [name, .. new double[] { gaps.Count }.Select(n => n.ToString("0", CultureInfo.InvariantCulture)), .. new[] { gaps.P50, gaps.P90, gaps.P99, gaps.Max }.Select(v => v.ToString("0.00", CultureInfo.InvariantCulture))];
}
