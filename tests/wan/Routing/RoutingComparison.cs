using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meridian.Benchmarks;
using Meridian.Load;
using Meridian.Wan.Lab;
using Meridian.Wan.Scenarios;
using StreamSample = Meridian.Wan.Scenarios.StreamSample;

namespace Meridian.Wan.Routing;

/// <summary>
/// The default policy of the real edges against two others, on the same arrivals, in turns: against a clairvoyant, which knows every queue and every length at the moment of its
/// choice, and against each caller's nearest region. Both send through the caller's own edge; a residency makes them go where they want to.
/// </summary>
internal static class RoutingComparison
{
    public const string Name = "routing";
    public const string What = "The completion times of the default policy against those of a clairvoyant, and of the nearest region";

    private const string Default = "expected-completion";
    private const string Clairvoyant = "clairvoyant";
    private const string Nearest = "nearest";
    private const double MeanGoal = 1.10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    // The callers of uksouth ask for half of everything, and are all nearest to one region.
    private static readonly (string Site, double Share)[] Callers = [("uksouth", 0.5), ("centralus", 0.25), ("southeastasia", 0.25)];
    private static readonly Dictionary<string, string> Jurisdictions = new(StringComparer.Ordinal) { ["eastus"] = "us", ["westeurope"] = "eu", ["southeastasia"] = "apac" };

    /// <returns>Whether the default's mean is within a tenth of the clairvoyant's.</returns>
    public static async Task<bool> RunAsync(ScenarioSettings settings, Arguments arguments)
    {
        var (rounds, seconds, perSecond) = (arguments.Count("rounds", 6), arguments.Number("seconds", 40), arguments.Number("rate", 2.5));
        await using var installation = new LabInstallation(layers: 8, hidden: 512);
        await installation.StartAsync();
        var (alone, beside) = await CalibrateAsync(installation);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a step of one text takes {alone:0.00} ms, and {beside:0.00} ms more for each text beside it"));

        string[] strategies = [Default, Clairvoyant, Nearest];
        var runs = strategies.ToDictionary(name => name, _ => new List<Percentiles>());
        var means = strategies.ToDictionary(name => name, _ => new List<double>());
        var served = strategies.ToDictionary(name => name, _ => new ConcurrentDictionary<string, int>());
        var failed = 0;
        for (var round = -1; round < rounds; round++)
        {
            var trace = Trace(seed: 100 + round, round < 0 ? 10 : seconds, perSecond);
            foreach (var strategy in strategies.Skip(Math.Max(0, round) % 3).Concat(strategies.Take(Math.Max(0, round) % 3)))
            {
                var samples = await PlayAsync(installation, strategy, trace, new KnownQueues(alone, beside));

                // The first round warms up.
                if (round < 0)
                {
                    continue;
                }

                failed += samples.Count(sample => sample.Failure is not null);
                runs[strategy].Add(Percentiles.Of(samples.Select(sample => sample.Done - sample.Due)));
                means[strategy].Add(samples.Average(sample => (sample.Done - sample.Due).TotalMilliseconds));
                foreach (var sample in samples)
                {
                    served[strategy].AddOrUpdate(sample.Region ?? "none", 1, (_, count) => count + 1);
                }

                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}, {strategy}: mean {means[strategy][^1]:0} ms, {runs[strategy][^1]}"));
            }
        }

        PairedRatio Against(string other, Func<string, IEnumerable<double>> figure) => PairedRatio.Of([.. figure(Default).Zip(figure(other))]);
        var (mean, p99) = (Against(Clairvoyant, name => means[name]), Against(Clairvoyant, name => runs[name].Select(run => run.P99)));
        Table.Print(
            string.Create(CultureInfo.InvariantCulture, $"{Name}: {What} ({rounds} rounds of {seconds:0} s, {perSecond:0.##} texts a second)"),
            ["", "texts", "completion mean ms", "p50 ms", "p99 ms", "served by"],
            [.. strategies.Select(name => Row(name, runs[name], means[name], served[name]))]);
        Console.WriteLine($"default / clairvoyant: mean {mean}, p99 {p99}");
        Console.WriteLine($"default / nearest: mean {Against(Nearest, name => means[name])}, p99 {Against(Nearest, name => runs[name].Select(run => run.P99))}");
        Directory.CreateDirectory(settings.Out);
        await File.WriteAllTextAsync(
            Path.Combine(settings.Out, $"{Name}.json"), JsonSerializer.Serialize(new { means, runs, served, mean, p99, failed, machine = Machine.Describe() }, Json));
        var goals = new Goals();
        goals.AtMost("texts that failed", failed, 0);
        goals.AtMost("mean completion, default / clairvoyant", mean.Mean, MeanGoal);
        return goals.Report() == 0;
    }

    /// <summary>When texts are asked for, where, and how long they are: the same for every strategy.</summary>
    private static List<Arrival> Trace(int seed, double seconds, double perSecond)
    {
        var random = new Random(seed);
        var arrivals = new List<Arrival>();
        for (var at = 0.0; ;)
        {
            at += -Math.Log(1 - random.NextDouble()) / perSecond;
            if (at > seconds)
            {
                return arrivals;
            }

            var draw = random.NextDouble();
            var site = Callers.First(caller => (draw -= caller.Share) < 0 || caller == Callers[^1]).Site;
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            arrivals.Add(new Arrival(TimeSpan.FromSeconds(at), site, (int)Math.Clamp(Math.Exp(4.6 + (0.7 * normal)), 16, 600)));
        }
    }

    private static async Task<StreamSample[]> PlayAsync(LabInstallation installation, string strategy, List<Arrival> trace, KnownQueues queues)
    {
        var watch = Stopwatch.StartNew();
        var running = new List<Task<StreamSample>>();
        foreach (var arrival in trace)
        {
            var early = arrival.At - watch.Elapsed;
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early);
            }

            // A choice belongs to the moment of the arrival, so it is made here, in the order of arrivals.
            var near = LabInstallation.Regions.Select(region => (Name: region, RoundTripMs: RoundTripMs(arrival.Site, region)));
            var text = strategy == Clairvoyant ? queues.Begin(near, arrival.Tokens) : null;
            var region = strategy == Nearest ? near.MinBy(region => region.RoundTripMs).Name : text?.Region;
            var late = watch.Elapsed - arrival.At;
            running.Add(Task.Run(async () =>
            {
                var sample = await AskAsync(installation, arrival.Site, arrival.Tokens, region, text is null ? null : text.Advance);
                if (text is not null)
                {
                    queues.End(text);
                }

                return sample with { Due = -late };
            }));
        }

        return await Task.WhenAll(running);
    }

    /// <summary>How long a step takes in this lab: of one text, and of eight at once.</summary>
    private static async Task<(double AloneMs, double BesideMs)> CalibrateAsync(LabInstallation installation)
    {
        const int Tokens = 300;
        async Task<double> PerTokenAsync(int texts)
        {
            var samples = await Task.WhenAll(Enumerable.Range(0, texts).Select(_ => AskAsync(installation, "southeastasia", Tokens, "southeastasia", null)));
            return samples.Average(sample => (sample.Done - sample.FirstToken!.Value).TotalMilliseconds) / (Tokens - 1);
        }

        await PerTokenAsync(8);
        var one = new List<double>();
        var eight = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            one.Add(await PerTokenAsync(1));
            eight.Add(await PerTokenAsync(8));
        }

        var (alone, all) = (Percentiles.Median(one), Percentiles.Median(eight));
        return (alone, Math.Max(0, all - alone) / 7);
    }

    private static async Task<StreamSample> AskAsync(LabInstallation installation, string site, int tokens, string? region, Action? piece)
    {
        using var limit = new CancellationTokenSource(Patience);
        var load = new StreamLoad(installation.CallerIn(site), installation.EdgeOf(site), 1, tokens, TimeProvider.System);
        return await load.StreamAsync(TimeSpan.Zero, region is null ? null : Jurisdictions[region], null, piece, limit.Token);
    }

    private static double RoundTripMs(string site, string region) => site == region ? 0 : RegionPairs.RoundTrip(site, region).TotalMilliseconds;

    private static string[] Row(string name, List<Percentiles> runs, List<double> means, IReadOnlyDictionary<string, int> served) =>
    [
        name,
        runs.Sum(run => run.Count).ToString(CultureInfo.InvariantCulture),
        Text(means.Average()),
        Text(runs.Average(run => run.P50)),
        Text(runs.Average(run => run.P99)),
        string.Join(", ", served.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}")),
    ];

    private static string Text(double ms) => ms.ToString("0", CultureInfo.InvariantCulture);

    private readonly record struct Arrival(TimeSpan At, string Site, int Tokens);
}
