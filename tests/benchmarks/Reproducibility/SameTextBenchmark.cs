using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Reproducibility;

/// <summary>
/// Asks seeded and greedy requests alone, many at once, and while regions are killed and drained, and compares tokens and log probabilities to the last bit.
/// </summary>
/// <param name="requests">In all: a quarter alone, a quarter many at once, the rest or more under disturbances.</param>
/// <param name="disturbances">Kills and drains.</param>
/// <param name="callers">Streams at once in the second part, and under disturbances where <paramref name="rate"/> is 0.</param>
/// <param name="rate">Streams a second under disturbances, whether or not earlier ones have ended; 0 for a closed loop of <paramref name="callers"/>, which saturates the machine.</param>
/// <param name="seed">Of everything.</param>
public sealed class SameTextBenchmark(int requests, int disturbances, int callers, double rate, int seed)
{
    private const string Quantized = "int4-256";
    private const double MostInexact = 0.01;
    private const double MostInexactOfMoved = 0.05;
    private const double LongestPauseMs = 2000;
    private const double PerSecond = 10;

    public async Task<int> RunAsync()
    {
        var models = Environment.GetEnvironmentVariable("MERIDIAN_TEST_MODELS");
        var folder = Path.Combine(models ?? "", Quantized);
        if (string.IsNullOrEmpty(models) || !Directory.Exists(folder))
        {
            Console.Error.WriteLine($"MERIDIAN_TEST_MODELS is '{models}', which has no folder {Quantized}: name the folder of test models.");
            return 2;
        }

        using var data = new TemporaryDirectory();
        string[] served = ["stories", Quantized];
        await using var installation = await DevInstallation.StartAsync(data.Path, ["minilm", .. served], null, "--model", $"{Quantized}={folder}");
        await using var door = await OwnFrontDoor.StartAsync(installation, ["minilm", .. served]);
        var random = new Random(seed);
        var part = Math.Max(1, requests / 4);
        var first = new StreamFleet(door.Http, door.Address, [], TimeSpan.FromMinutes(2), TimeProvider.System);
        var alone = await SameTexts.AloneAsync(first, served, part, random);
        Console.WriteLine($"{alone.Count} alone, {first.Elapsed.TotalSeconds:0} s");

        var bodies = alone.Keys.ToArray();
        random.Shuffle(bodies);
        var together = new StreamSample[bodies.Length];
        var begun = first.Elapsed;
        await Parallel.ForAsync(0, bodies.Length, new ParallelOptions { MaxDegreeOfParallelism = callers }, async (i, _) => together[i] = await first.ReadAsync(i, bodies[i]));
        var saturated = together.Length / (first.Elapsed - begun).TotalSeconds;
        Console.WriteLine($"{together.Length} {callers} at once, {first.Elapsed.TotalSeconds:0} s: {saturated:0.0} a second");

        random.Shuffle(bodies);
        using var phases = new FailoverPhases();
        var fleet = new StreamFleet(door.Http, door.Address, bodies, TimeSpan.FromMinutes(2), TimeProvider.System);
        var embeddings = new EmbeddingRequests("minilm", seed);
        var load = new OpenLoop(door.Http, index => embeddings.To(door.Address, index), PerSecond, TimeSpan.FromSeconds(30), TimeProvider.System);
        var disturber = new Disturber(installation, new Edge(door.Address, door.Http), fleet, served, random);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(load.RunAsync(stop.Token), rate > 0 ? fleet.RunAsync(rate, new Random(seed + 1), stop.Token) : fleet.RunAsync(callers, stop.Token));
        try
        {
            await disturber.RunAsync(disturbances);
            while (alone.Count + together.Length + fleet.Samples.Count < requests)
            {
                await Task.Delay(200);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        Console.WriteLine(phases);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{fleet.Samples.Count / fleet.Elapsed.TotalSeconds:0.0} streams a second under disturbances; {callers} at once reached {saturated:0.0}"));
        return Judge(alone, together, fleet.Samples, disturber.Done, load.Samples, phases.Of("stall").Count);
    }

    private int Judge(
        Dictionary<StreamBody, StreamSample> alone,
        StreamSample[] together,
        IReadOnlyCollection<StreamSample> disturbed,
        IReadOnlyList<(TimeSpan At, TimeSpan Over, string Region)> disturbances,
        IReadOnlyCollection<LoadSample> others,
        int moves)
    {
        var different = together.Concat(disturbed).Where(s => (s.Exact || s.Error is not null) && s.DifferenceTo(alone[s.Body]) is not null).ToArray();
        foreach (var sample in different.Take(20))
        {
            Console.WriteLine($"{sample}: {sample.DifferenceTo(alone[sample.Body])}");
        }

        var all = alone.Count + together.Length + disturbed.Count;
        var inexact = disturbed.Count(s => !s.Exact);
        var unmoved = alone.Values.Concat(together).Count(s => !s.Exact) + disturbed.Count(s => !s.Exact && !disturbances.Any(d => s.Started <= d.Over && d.At <= s.Done));
        var moved = disturbed.Where(s => s.LateGap > TimeSpan.Zero && disturbances.Any(d => d.Region == s.Region && s.Started <= d.At && d.At <= s.Done)).ToArray();
        var pauses = Percentiles.Of(moved.Select(s => s.LateGap));
        foreach (var sample in moved.Where(s => s.LateGap.TotalMilliseconds > LongestPauseMs).OrderByDescending(s => s.LateGap).Take(20))
        {
            Console.WriteLine($"paused for {sample.LateGap.TotalSeconds:0.0} s: {sample}");
        }

        var failed = others.Count(s => s.Status != 200 || s.Error is not null);
        string[][] rows =
        [
            Row("requests, with those alone", all, ""),
            Row("kills and drains", disturbances.Count, ""),
            Row("moves of streams", moves, ""),
            Row("failed, or other tokens or log probabilities", different.Length, different.Length == 0 ? "met (0)" : "missed (0)"),
            Row("say exact: false", inexact, inexact <= MostInexact * all ? "met (1 % of all)" : "missed (1 % of all)"),
            Row("of the moved ones, %", 100.0 * inexact / Math.Max(1, moves), inexact <= MostInexactOfMoved * moves ? "met (5 %)" : "missed (5 %)"),
            Row("say so without a disturbance", unmoved, unmoved == 0 ? "met (0)" : "missed (0)"),
            Row("streams moved after 100 tokens", moved.Length, ""),
            Row("pause after 100 tokens, p99 ms", pauses.P99, pauses.P99 < LongestPauseMs ? "met (2000 ms)" : "missed (2000 ms)"),
            Row("pause after 100 tokens, p50 ms", pauses.P50, ""),
            Row("other requests", others.Count, ""),
            Row("of these failed", failed, failed == 0 ? "met (0)" : "missed (0)"),
        ];
        Table.Print(string.Create(CultureInfo.InvariantCulture, $"The same request, the same text (seed {seed}, {callers} streams at once, under disturbances {(rate > 0 ? $"{rate} new ones a second" : "too")})"), ["", "measured", "wanted"], rows);
        return rows.Any(row => row[2].StartsWith("missed", StringComparison.Ordinal)) ? 1 : 0;
    }

    private static string[] Row(string what, double value, string goal) => [what, value.ToString("0.##", CultureInfo.InvariantCulture), goal];
}
