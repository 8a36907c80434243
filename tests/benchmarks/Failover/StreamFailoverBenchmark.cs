using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;
using Meridian.Load;
using Meridian.ModelTools.Llama;

namespace Meridian.Benchmarks.Failover;

/// <summary>Kills the region that serves most of 32 streams, again and again, and says what their callers noticed and where the time went.</summary>
/// <param name="kills">Number of kills.</param>
/// <param name="streams">Streams at any time.</param>
/// <param name="perSecond">Other requests a second.</param>
/// <param name="seed">Of moments and requests.</param>
public sealed class StreamFailoverBenchmark(int kills, int streams, double perSecond, int seed)
{
    private const string Model = "made";

    public async Task RunAsync(Goals goals)
    {
        using var data = new TemporaryDirectory();
        using var models = new TemporaryDirectory();
        var folder = Path.Combine(models.Path, Model);
        LlamaFolder.Make(folder, LlamaFolder.Configure(layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 160, vocabulary: 384, context: 512), seed: 7, KvLayout.Shared);
        await using var installation = await DevInstallation.StartAsync(data.Path, ["minilm", Model], null, "--model", $"{Model}={folder}");
        await using var door = await OwnFrontDoor.StartAsync(installation, "minilm", Model);
        var random = new Random(seed);
        var bodies = StreamKills.Bodies(Model, 32, random);
        var fleet = new StreamFleet(door.Http, door.Address, bodies, TimeSpan.FromSeconds(60), TimeProvider.System);
        var undisturbed = await StreamKills.UndisturbedAsync(fleet, bodies);

        using var phases = new FailoverPhases();
        var requests = new EmbeddingRequests("minilm", seed);
        var load = new OpenLoop(door.Http, index => requests.To(door.Address, index), perSecond, TimeSpan.FromSeconds(30), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(load.RunAsync(stop.Token), fleet.RunAsync(streams, stop.Token));
        var killer = new RegionKiller(installation, load, random, fleet.Busiest);
        try
        {
            await load.NextAsync(sample => sample.Status == 200, "a first answer", TimeSpan.FromSeconds(20));
            await killer.RunAsync(kills, TimeSpan.FromSeconds(60), Console.WriteLine);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var report = KillReport.Of(load.Samples, killer.Kills);
        var (differences, ties) = await StreamKills.CompareAsync(fleet.Samples, undisturbed, new Dictionary<string, string> { [Model] = folder });
        foreach (var line in report.Failed.Select(failed => failed.ToString()).Concat(differences))
        {
            Console.WriteLine(line);
        }

        Table.Print(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Kills} times kill -9 of the region that serves most of {streams} streams, beside {perSecond:0} requests/s (seed {seed}): {fleet.Samples.Count} streams, {differences.Length} failed or different, {ties} with another text by a tie; {report.Requests} requests, {report.Failed.Length} failed"),
            ["moved streams", "count", "p50 ms", "p90 ms", "p99 ms", "max ms"],
            Row("stall: last token to the next one's frame", phases.Of("stall")),
            Row("detect: last token to notice", phases.Of("detect")),
            Row("decide: notice to the attempt that succeeds", phases.Of("decide")),
            Row("reopen: to its first frame", phases.Of("reopen")),
            Row("requests sent again: all of it", phases.Of("stall", "request")));
        goals.AtMost("streams that failed or differ", differences.Length, 0);
        goals.AtMost("failed requests", report.Failed.Length, 0);
        goals.AtMost("p99 of the pause, ms", phases.Of("stall").P99, 2000);
    }

    private static string[] Row(string name, Percentiles p) => [name, p.Count.ToString(CultureInfo.InvariantCulture), Text(p.P50), Text(p.P90), Text(p.P99), Text(p.Max)];

    private static string Text(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
