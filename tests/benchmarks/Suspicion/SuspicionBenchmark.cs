using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Federation.Tests.Liveness;
using Meridian.Load;

namespace Meridian.Benchmarks.Suspicion;

/// <summary>
/// Keeps the engines of all regions busy and counts how often an edge takes one of these healthy regions for suspect or dead. Every edge is asked five times a second,
/// and every line of the processes' logs that tells of a suspicion counts too, so that one shorter than the questions are apart is not missed. With jitter,
/// every edge and every region reaches a region over a link that delays what passes by up to so many ms in each direction, uniformly and in order.
/// </summary>
public sealed class SuspicionBenchmark(double minutes, int callers, double jitterMs)
{
    public async Task RunAsync(Goals goals)
    {
        using var data = new TemporaryDirectory();

        // Each region listens where its plan says, and is known to all others by the address of a link before it.
        var plan = FreePorts.Range(3);
        var random = new Random(17);
        var links = Enumerable.Range(0, jitterMs > 0 ? 3 : 0).Select(i => new LinkRelay(Listens(i), Delay)).ToArray();
        try
        {
            await using var installation = new Installation(
                data.Path, regions: 3, [.. Models.MiniLm, .. links.Select((link, i) => KeyValuePair.Create($"Meridian:Regions:{i}:Protocol", link.Address.OriginalString))]);
            foreach (var (region, i) in installation.Regions.Select((region, i) => (region, i)))
            {
                installation.StartRegion(region, jitterMs > 0 ? [("Meridian:Process:ProtocolUrl", Listens(i).OriginalString)] : []);
            }

            var (_, door) = installation.StartFrontDoor();
            await RunAsync(installation, [door, .. installation.Regions.Select(installation.Facade)], goals);
        }
        finally
        {
            foreach (var link in links)
            {
                await link.DisposeAsync();
            }
        }

        Uri Listens(int region) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{plan + region}"));

        TimeSpan Delay()
        {
            lock (random)
            {
                return TimeSpan.FromMilliseconds(random.NextDouble() * jitterMs);
            }
        }
    }

    private async Task RunAsync(Installation installation, Edge[] edges, Goals goals)
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 512 });
        foreach (var edge in edges)
        {
            await Eventually.HoldsAsync(
                async token => (await edge.RegionsAsync(token)).All(r => r.Serves("minilm")), $"{edge.Address} to see all regions", TimeSpan.FromSeconds(30));
        }

        string[] processes = [.. installation.Regions, "front-door"];
        var linesBefore = processes.ToDictionary(name => name, name => installation[name].Lines.Count);
        var requests = new EmbeddingRequests("minilm", seed: 5, maxWords: 120);
        using var stop = new CancellationTokenSource();
        var answered = new ConcurrentDictionary<string, int>();
        var loads = edges.SelectMany(edge => Enumerable.Range(0, callers).Select(n => CallAsync(edge, n))).ToArray();
        var cpu = installation.Regions.ToDictionary(r => r, r => ProcStat.Cpu(installation[r].Id));

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

        var busy = installation.Regions.Sum(r => (ProcStat.Cpu(installation[r].Id) - cpu[r]).TotalSeconds) / watch.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(loads);

        var logged = processes.SelectMany(name => installation[name].Lines.Skip(linesBefore[name]))
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
            ["ms of jitter on every link of an edge or region to a region, in each direction", Text(jitterMs)]);
        goals.AtMost("healthy regions seen as suspect or dead", away, 0);
        goals.AtMost("log lines telling of a suspicion", logged.Length, 0);

        async Task CallAsync(Edge edge, int n)
        {
            for (var i = n; !stop.IsCancellationRequested; i += callers)
            {
                using var request = requests.To(edge.Address, i);
                using var response = await http.SendAsync(request, CancellationToken.None);
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
