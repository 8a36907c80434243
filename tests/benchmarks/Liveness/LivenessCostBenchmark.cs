using System.Diagnostics;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Federation.Tests.Liveness;
using Meridian.Routing.Snapshots;
using MessagePack;
using Microsoft.AspNetCore.Builder;

namespace Meridian.Benchmarks.Liveness;

/// <summary>What it costs one observer to watch many regions with many models, over real connections in one process: bytes of one link, and the CPU of both ends together.</summary>
public sealed class LivenessCostBenchmark(int regions, int models, double seconds)
{
    public async Task RunAsync()
    {
        var all = Enumerable.Range(0, regions).Select(i => new BareRegion($"region-{i:00}", models)).ToArray();
        var ports = FreePorts.Range(regions);
        var apps = new List<WebApplication>();
        try
        {
            foreach (var (region, i) in all.Select((r, i) => (r, i)))
            {
                apps.Add(await region.ServeAsync(ports + i));
            }

            // One of the links is counted.
            await using var link = new LinkRelay(new Uri($"http://127.0.0.1:{ports}"));
            var began = Stopwatch.GetTimestamp();
            await using var observer = await Observer.StartAsync(all.Select((r, i) => (r.Name, i == 0 ? link.Address : new Uri($"http://127.0.0.1:{ports + i}"))));
            await observer.UntilAsync(s => s.ViewsInOrder.All(v => v.Health == RegionHealth.Alive), TimeSpan.FromSeconds(60));
            var known = Stopwatch.GetElapsedTime(began);

            // Compiles, and lets the round trips settle.
            await MeasureAsync("warm-up", all, link, observer, models / 10, 5);
            var rows = new List<string[]>
            {
                await MeasureAsync("idle", all, link, observer, 0, seconds),
                await MeasureAsync("a hundredth of the models each 200 ms", all, link, observer, Math.Max(1, models / 100), seconds),
                await MeasureAsync("a tenth", all, link, observer, Math.Max(1, models / 10), seconds),
                await MeasureAsync("all", all, link, observer, models, seconds),
            };
            Table.Print(
                string.Create(CultureInfo.InvariantCulture, $"One observer of {regions} regions with {models} models each; a whole status is {MessagePackSerializer.Serialize(all[0].Status).Length:#,0} bytes"),
                ["load that changes", "bytes/s to a region", "bytes/s from it", "CPU of the observer and all regions, % of a core", "snapshots/s", "MB/s allocated", "changes of health"],
                [.. rows]);
            await ConvergeAsync(all, observer, known);
        }
        finally
        {
            foreach (var app in apps)
            {
                await app.DisposeAsync();
            }
        }
    }

    /// <summary>How long a change of all regions at once takes to the observer's snapshot. Observers do not hear of a region through each other, so any number of them has it when the slowest of so many links has.</summary>
    private static async Task ConvergeAsync(BareRegion[] all, Observer observer, TimeSpan known)
    {
        const int Changes = 50;
        var (each, last) = (new List<double>(), new List<double>());
        for (var mark = 1; mark <= Changes; mark++)
        {
            // Not in step with the beats.
            await Task.Delay(TimeSpan.FromMilliseconds(20 + (mark * 37 % 200)));
            var changed = Stopwatch.GetTimestamp();
            foreach (var region in all)
            {
                region.Mark(1_000_000 + mark);
            }

            var seen = new bool[all.Length];
            for (var snapshot = observer.Directory.Current; Array.Exists(seen, static one => !one); snapshot = await observer.Directory.WaitForChangeAsync(snapshot, CancellationToken.None))
            {
                for (var i = 0; i < seen.Length; i++)
                {
                    if (seen[i] || snapshot.ViewsInOrder[i].Models is not [var first, ..] || first.InFlight != 1_000_000 + mark)
                    {
                        continue;
                    }

                    seen[i] = true;
                    each.Add(Stopwatch.GetElapsedTime(changed).TotalMilliseconds);
                }
            }

            last.Add(each[^1]);
        }

        Table.Print(
            string.Create(CultureInfo.InvariantCulture, $"Convergence of {all.Length} regions: an observer that starts knows all of them after {known.TotalMilliseconds:#,0} ms; then all change at once, {Changes} times"),
            ["from the change to the snapshot", "p50 ms", "p99 ms", "max ms"],
            Row("of one region", each),
            Row("until it has all", last));

        static string[] Row(string what, List<double> times)
        {
            times.Sort();
            return [what, Ms(times[times.Count / 2]), Ms(times[Math.Min(times.Count - 1, (int)(times.Count * 0.99))]), Ms(times[^1])];
        }

        static string Ms(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
    }

    private static async Task<string[]> MeasureAsync(string what, BareRegion[] all, LinkRelay link, Observer observer, int changed, double seconds)
    {
        using var process = Process.GetCurrentProcess();
        using var stop = new CancellationTokenSource();
        var (snapshots, changes) = (0, 0);
        var counting = CountAsync();
        var (to, from, cpu, allocated, watch) = (link.BytesToTarget, link.BytesFromTarget, process.TotalProcessorTime, GC.GetTotalAllocatedBytes(), Stopwatch.StartNew());
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var round = 0; watch.Elapsed.TotalSeconds < seconds && await timer.WaitForNextTickAsync(); round++)
        {
            foreach (var region in changed > 0 ? all : [])
            {
                region.Load(changed, round);
            }
        }

        var elapsed = watch.Elapsed.TotalSeconds;
        process.Refresh();
        var row = new[]
        {
            what,
            ((link.BytesToTarget - to) / elapsed).ToString("#,0", CultureInfo.InvariantCulture),
            ((link.BytesFromTarget - from) / elapsed).ToString("#,0", CultureInfo.InvariantCulture),
            (100 * (process.TotalProcessorTime - cpu).TotalSeconds / elapsed).ToString("0.0", CultureInfo.InvariantCulture),
            (snapshots / elapsed).ToString("0.0", CultureInfo.InvariantCulture),
            ((GC.GetTotalAllocatedBytes() - allocated) / elapsed / 1e6).ToString("0.00", CultureInfo.InvariantCulture),
            changes.ToString(CultureInfo.InvariantCulture),
        };
        await stop.CancelAsync();
        await counting;
        return row;

        async Task CountAsync()
        {
            try
            {
                for (var snapshot = observer.Directory.Current; ; snapshots++)
                {
                    var next = await observer.Directory.WaitForChangeAsync(snapshot, stop.Token);
                    changes += next.ViewsInOrder.Zip(snapshot.ViewsInOrder, (after, before) => after.Health != before.Health ? 1 : 0).Sum();
                    snapshot = next;
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
