using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Failover;

/// <summary>Kills regions of the dev installation at random moments under a steady load, and says what the callers noticed.</summary>
public sealed class FailoverBenchmark(int kills, double perSecond, int seed)
{
    public async Task RunAsync(Goals goals)
    {
        using var data = new TemporaryDirectory();
        await using var installation = await DevInstallation.StartAsync(data.Path, ["minilm"]);
        var requests = new EmbeddingRequests("minilm", seed);
        var load = new OpenLoop(installation.Http, index => requests.To(installation.FrontDoor.Address, index), perSecond, TimeSpan.FromSeconds(30), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(stop.Token);
        var killer = new RegionKiller(installation, load, new Random(seed));
        try
        {
            await load.NextAsync(sample => sample.Status == 200, "a first answer", TimeSpan.FromSeconds(10));
            await killer.RunAsync(kills, TimeSpan.FromSeconds(60), Console.WriteLine);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }

        var report = KillReport.Of(load.Samples, killer.Kills);
        foreach (var failed in report.Failed)
        {
            Console.WriteLine(failed);
        }

        static string[] Row(string name, Percentiles p) =>
            [name, p.Count.ToString(CultureInfo.InvariantCulture), Text(p.P50), Text(p.P90), Text(p.P99), Text(p.Max)];
        Table.Print(
            string.Create(CultureInfo.InvariantCulture, $"{report.Kills} times kill -9 of a region under {perSecond:0} requests/s (seed {seed}): {report.Requests} requests, {report.Failed.Length} failed"),
            ["requests", "count", "p50 ms", "p90 ms", "p99 ms", "max ms"],
            Row("affected: in flight at a kill, or sent twice", report.Affected),
            Row("of these, sent twice", report.Retried),
            Row("all others", report.Undisturbed));
        goals.AtMost("failed requests", report.Failed.Length, 0);
        goals.AtMost("p99 of the affected, ms", report.Affected.P99, 2000);
    }

    private static string Text(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
