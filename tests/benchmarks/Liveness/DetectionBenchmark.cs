using System.Diagnostics;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Federation.Tests.Liveness;
using Meridian.Load;
using Meridian.Routing.Snapshots;

namespace Meridian.Benchmarks.Liveness;

/// <summary>How long it takes until a region that was killed, frozen or cut off is out of an observer's snapshot; the region is a process of its own, the link a real one.</summary>
public sealed class DetectionBenchmark(int kills, int freezes, int cuts)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task RunAsync(Goals goals)
    {
        var port = FreePorts.Range(1);
        await using var link = new LinkRelay(new Uri($"http://127.0.0.1:{port}"));
        await using var direct = await Observer.StartAsync([("region", new Uri($"http://127.0.0.1:{port}"))]);
        await using var behind = await Observer.StartAsync([("region", link.Address)]);
        var region = await StartAsync(port);
        try
        {
            var killed = new List<double>();
            for (var i = 0; i < kills; i++)
            {
                await AliveAsync(direct);
                var watch = Stopwatch.StartNew();
                Signals.Send(region.Id, Signals.Kill);
                await DeadAsync(direct);
                killed.Add(watch.Elapsed.TotalMilliseconds);
                await region.DisposeAsync();
                region = await StartAsync(port);
            }

            var frozen = new List<double>();
            for (var i = 0; i < freezes; i++)
            {
                await AliveAsync(direct);
                var watch = Stopwatch.StartNew();
                Signals.Send(region.Id, Signals.Stop);
                await DeadAsync(direct);
                frozen.Add(watch.Elapsed.TotalMilliseconds);
                Signals.Send(region.Id, Signals.Continue);
            }

            var cut = new List<double>();
            for (var i = 0; i < cuts; i++)
            {
                await AliveAsync(behind);
                var watch = Stopwatch.StartNew();
                (link.CutToTarget, link.CutFromTarget) = (i % 3 != 1, i % 3 != 0);
                await DeadAsync(behind);
                cut.Add(watch.Elapsed.TotalMilliseconds);
                (link.CutToTarget, link.CutFromTarget) = (false, false);
            }

            Table.Print(
                "Time until a region is out of the snapshot, ms",
                ["what happened", "times", "p50", "p90", "p99", "max", "must be below"],
                Row("killed (SIGKILL)", killed, "2,000"),
                Row("frozen (SIGSTOP)", frozen, "4,000"),
                Row("cut off: to it, from it, both ways in turn", cut, "4,000"));
            foreach (var (what, times, bound) in new[] { ("killed", killed, 2000), ("frozen", frozen, 4000), ("cut off", cut, 4000) })
            {
                if (times.Count > 0) goals.AtMost($"{what}, longest until out of the snapshot, ms", times.Max(), bound);
            }
        }
        finally
        {
            Signals.Send(region.Id, Signals.Continue);
            await region.DisposeAsync();
        }
    }

    private static string[] Row(string name, List<double> times, string bound)
    {
        if (times.Count == 0)
        {
            return [name, "0", "-", "-", "-", "-", bound];
        }

        var p = Percentiles.Of(times);
        string Ms(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
        return [name, times.Count.ToString(CultureInfo.InvariantCulture), Ms(p.P50), Ms(p.P90), Ms(p.P99), Ms(p.Max), bound];
    }

    private static async Task<ChildProcess> StartAsync(int port)
    {
        var region = Self.Program.Start("region", [BareRegion.Part, "--name", "region", "--port", port.ToString(CultureInfo.InvariantCulture)]);
        await region.LineAsync(line => line.Contains("serves", StringComparison.Ordinal), "the region to serve", Patience);
        return region;
    }

    // Alive, and long enough for the detector to know its beats.
    private static async Task AliveAsync(Observer observer)
    {
        await observer.UntilAsync(s => s.ViewsInOrder[0].Health == RegionHealth.Alive, Patience);
        await Task.Delay(TimeSpan.FromSeconds(2));
    }

    private static Task DeadAsync(Observer observer) => observer.UntilAsync(s => s.ViewsInOrder[0].Health == RegionHealth.Dead, Patience);
}
