using System.Collections.Concurrent;
using System.Text.Json;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Cluster.Tests.Robustness;

public sealed class OverloadTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_flood_is_answered_or_refused_at_once_and_costs_no_region_its_life()
    {
        using var data = new TemporaryDirectory();
        await using var installation = new Installation(
            data.Path, regions: 2, Models.Entry(0, "minilm", "minilm", ("QueueCapacity", "8"), ("MaxBatch", "2")));
        installation.StartRegion("eastus");
        installation.StartRegion("westeurope");
        var (_, frontDoor) = installation.StartFrontDoor();
        Edge[] edges = [frontDoor, installation.Facade("eastus"), installation.Facade("westeurope")];
        foreach (var edge in edges)
        {
            await installation.SeesAsync(edge, "minilm", "eastus", "westeurope");
        }

        // Long texts: 200 words take the engine tens of ms, so that 400 callers at once are far more than two queues of eight hold.
        var requests = new EmbeddingRequests("minilm", seed: 3, distinct: 16, maxWords: 200);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var answers = new ConcurrentBag<(int Status, string? Code, bool RetryAfter)>();
        var unhealthy = new ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var watching = WatchAsync();

        var flood = Enumerable.Range(0, 400).Select(async index =>
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            for (var turn = 0; turn < 3; turn++)
            {
                using var request = requests.To(edges[index % edges.Length].Address, index);
                using var response = await http.SendAsync(request, patience.Token);
                var body = await response.Content.ReadAsStringAsync(patience.Token);
                string? code = null;
                if (!response.IsSuccessStatusCode)
                {
                    using var error = JsonDocument.Parse(body);
                    code = error.RootElement.GetProperty("error").GetProperty("code").GetString();
                }

                answers.Add(((int)response.StatusCode, code, response.Headers.RetryAfter is not null));
            }
        });
        await Task.WhenAll(flood);
        await stop.CancelAsync();
        await watching;

        var kinds = answers.GroupBy(a => a).Select(g => $"{g.Count()} x {g.Key.Status} {g.Key.Code}{(g.Key.RetryAfter ? " with retry-after" : "")}");
        output.WriteLine(string.Join(Environment.NewLine, kinds));
        Assert.All(answers, a => Assert.True(a is { Status: 200 } or { Status: 503, Code: "no_capacity", RetryAfter: true }, $"{a}"));
        Assert.Contains(answers, a => a.Status == 200);
        Assert.Contains(answers, a => a.Status == 503);
        Assert.True(unhealthy.IsEmpty, string.Join(Environment.NewLine, unhealthy));
        foreach (var edge in edges)
        {
            await edge.EmbedAsync("minilm", ["quiet again"]);
        }

        async Task WatchAsync()
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            try
            {
                while (await timer.WaitForNextTickAsync(stop.Token))
                {
                    foreach (var edge in edges)
                    {
                        foreach (var region in await edge.RegionsAsync(CancellationToken.None))
                        {
                            if (!string.Equals(region.Status, "alive", StringComparison.OrdinalIgnoreCase))
                            {
                                unhealthy.Add($"{edge.Address} sees {region.Name} {region.Status}");
                            }
                        }
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
