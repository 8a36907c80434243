using System.Net.Http.Json;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Reproducibility;

/// <summary>Kills regions, drains them, and drains single replicas, one after the other: whatever makes streams move.</summary>
/// <param name="installation">The installation.</param>
/// <param name="door">Sees when all is well again.</param>
/// <param name="fleet">Its streams are aimed at.</param>
/// <param name="models">That must be served everywhere before the next disturbance.</param>
/// <param name="random">Draws moments and kinds.</param>
public sealed class Disturber(DevInstallation installation, Edge door, StreamFleet fleet, string[] models, Random random)
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainFor = TimeSpan.FromSeconds(1.5);

    private readonly List<(TimeSpan At, TimeSpan Over, string Region)> _done = [];

    /// <value>What was done, on the fleet's clock.</value>
    public IReadOnlyList<(TimeSpan At, TimeSpan Over, string Region)> Done => _done;

    public async Task RunAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Delay(random.Next(200, 1200));
            var region = fleet.Busiest() ?? installation.Regions[random.Next(installation.Regions.Length)];
            var kind = random.Next(3);
            var at = fleet.Elapsed;
            switch (kind)
            {
                case 0:
                    var pid = installation.ProcessOf(region);
                    Signals.Send(pid, Signals.Kill);
                    await Eventually.HoldsAsync(_ => Task.FromResult(installation.ProcessOf(region) != pid), $"{region} started again", Recovery);
                    break;
                case 1:
                    await DrainAsync(region, new { scope = "region", deadline_seconds = 0 }, "scope=region");
                    break;
                default:
                    var model = models[random.Next(models.Length)];
                    await DrainAsync(region, new { scope = "replica", model, replica = 0, deadline_seconds = 0 }, $"scope=replica&model={model}&replica=0");
                    break;
            }

            await Eventually.HoldsAsync(
                async token => await door.RegionsAsync(token) is { Length: 3 } seen && seen.All(r => models.All(r.Serves)), $"all well after disturbance {i + 1} of {region}", Recovery, () => installation.Supervisor.Tail(40));
            _done.Add((at, fleet.Elapsed, region));
            if ((i + 1) % 20 == 0)
            {
                Console.WriteLine($"{i + 1} disturbances, {fleet.Samples.Count} streams");
            }
        }
    }

    private async Task DrainAsync(string region, object order, string query)
    {
        var address = new Uri(installation.Facade(region).Address, "admin/api/drain");
        using (var begun = await Send(HttpMethod.Post, address, JsonContent.Create(order)))
        {
            begun.EnsureSuccessStatusCode();
        }

        await Task.Delay(DrainFor);
        using var ended = await Send(HttpMethod.Delete, new Uri($"{address}?{query}"), null);
        ended.EnsureSuccessStatusCode();
    }

    private async Task<HttpResponseMessage> Send(HttpMethod method, Uri address, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, address) { Content = content };
        return await installation.Http.SendAsync(request, CancellationToken.None);
    }
}
