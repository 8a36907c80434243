using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Suspicion;

/// <summary>
/// Keeps the engines of all regions busy and counts how often an edge takes one of these healthy regions for suspect or dead. Every edge is asked five times a second,
/// and every line of the processes' logs that tells of a suspicion counts too, so that one shorter than the questions are apart is not missed. With jitter, an observer in this
/// process watches the same regions over links that delay what passes by up to so many ms in each direction, uniformly and in order.
/// </summary>
public sealed class SuspicionBenchmark(double minutes, int callers, double jitterMs)
{
    public async Task<int> RunAsync()
    {
        using var data = new TemporaryDirectory();
        await using var installation = await DevInstallation.StartAsync(data.Path, ["minilm"]);
        Edge[] edges = [installation.FrontDoor, .. installation.Regions.Select(installation.Facade)];
        foreach (var edge in edges)
        {
            await Eventually.HoldsAsync(
                async token => (await edge.RegionsAsync(token)).All(r => r.Serves("minilm")), $"{edge.Address} to see all regions", TimeSpan.FromSeconds(30));
        }

        await using var distant = jitterMs > 0 ? await DistantObserver.StartAsync(installation, jitterMs) : null;
        var linesBefore = installation.Supervisor.Lines.Count;
        var requests = new EmbeddingRequests("minilm", seed: 5, maxWords: 120);
        using var stop = new CancellationTokenSource();
        var answered = new ConcurrentDictionary<string, int>();
        var loads = edges.SelectMany(edge => Enumerable.Range(0, callers).Select(n => CallAsync(edge, n))).ToArray();
        var cpu = installation.Regions.ToDictionary(r => r, r => ProcStat.Cpu(installation.ProcessOf(r)));

        var seen = new Dictionary<(Uri Edge, string Region), string>();
        var changes = new List<string>();
        var questions = 0;
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (watch.Elapsed.TotalMinutes < minutes && await timer.WaitForNextTickAsync())
        {
            foreach (var edge in edges)
            {
                questions++;
                foreach (var region in await edge.RegionsAsync(CancellationToken.None))
                {
                    var key = (edge.Address, region.Name);
                    if (seen.TryGetValue(key, out var before) && before != region.Status)
                    {
                        changes.Add($"{watch.Elapsed.TotalSeconds:0.0} s: {edge.Address} saw {region.Name} go from {before} to {region.Status}");
                    }

                    seen[key] = region.Status;
                }
            }
        }

        var busy = installation.Regions.Sum(r => (ProcStat.Cpu(installation.ProcessOf(r)) - cpu[r]).TotalSeconds) / watch.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(loads);

        var logged = installation.Supervisor.Lines.Skip(linesBefore)
            .Where(line => line.Contains("suspect", StringComparison.OrdinalIgnoreCase) || line.Contains(" dead", StringComparison.OrdinalIgnoreCase)).ToArray();
        foreach (var line in changes.Concat(logged))
        {
            Console.WriteLine(line);
        }

        var away = changes.Count(c => !c.EndsWith("to alive", StringComparison.Ordinal));
        Table.Print(
            string.Create(CultureInfo.InvariantCulture, $"False suspicions under full load for {watch.Elapsed.TotalMinutes:0.0} minutes; {callers} callers at each of {edges.Length} edges"),
            ["what", "figure"],
            ["requests answered", answered.Values.Sum().ToString(CultureInfo.InvariantCulture)],
            ["requests a second", Text(answered.Values.Sum() / watch.Elapsed.TotalSeconds)],
            ["cores busy in the regions' processes", Text(busy)],
            ["questions put to the edges (every view of every region in each)", questions.ToString(CultureInfo.InvariantCulture)],
            ["healthy regions seen as suspect or dead", away.ToString(CultureInfo.InvariantCulture)],
            ["log lines telling of a suspicion", logged.Length.ToString(CultureInfo.InvariantCulture)],
            [string.Create(CultureInfo.InvariantCulture, $"suspicions by an observer over links with {jitterMs:0} ms of jitter"), distant is null ? "not asked for" : distant.Suspicions],
            ["deaths in its eyes", distant is null ? "not asked for" : distant.Deaths]);
        return 0;

        async Task CallAsync(Edge edge, int n)
        {
            for (var i = n; !stop.IsCancellationRequested; i += callers)
            {
                using var request = requests.To(edge.Address, i);
                using var response = await installation.Http.SendAsync(request, CancellationToken.None);
                await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
                answered.AddOrUpdate(edge.Address.Authority, 1, (_, count) => count + 1);
                if (!response.IsSuccessStatusCode)
                {
                    Console.WriteLine($"{edge.Address} answered {(int)response.StatusCode}");
                }
            }
        }
    }

    private static string Text(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
