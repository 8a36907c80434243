using System.Net.Http.Json;
using Meridian.Cluster.Tests.Harness;
using Meridian.Load;

namespace Meridian.Benchmarks.Reproducibility;

/// <summary>Kills regions and drains them, one after the other: whatever makes streams move.</summary>
/// <param name="installation">The installation.</param>
/// <param name="door">Sees when all is well again.</param>
/// <param name="fleet">Its streams are aimed at.</param>
/// <param name="models">That must be served everywhere before the next disturbance.</param>
/// <param name="random">Draws moments, and which of the two.</param>
public sealed class Disturber(DevInstallation installation, Edge door, StreamFleet fleet, string[] models, Random random)
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Dying = TimeSpan.FromSeconds(0.5);
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
            var at = fleet.Elapsed;
            if (random.Next(2) == 0)
            {
                Signals.Send(installation.ProcessOf(region), Signals.Kill);

                // By then nobody listens there until the supervisor has started it again.
                await Task.Delay(Dying);
                await Eventually.HoldsAsync(installation.Facade(region).IsReadyAsync, $"{region} started again and ready", Recovery, () => installation.Supervisor.Tail(40));
            }
            else
            {
                await DrainAsync(region);
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

    /// <summary>Drains a region without patience: its streams move at once. Then it takes traffic again.</summary>
    private async Task DrainAsync(string region)
    {
        var address = new Uri(installation.Facade(region).Address, "admin/api/drain");
        await SendAsync(HttpMethod.Post, address, JsonContent.Create(new { scope = "region", deadline_seconds = 0 }));
        await Task.Delay(DrainFor);
        await SendAsync(HttpMethod.Delete, new Uri($"{address}?scope=region"), null);
    }

    private async Task SendAsync(HttpMethod method, Uri address, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, address) { Content = content };
        using var response = await installation.Http.SendAsync(request, CancellationToken.None);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{method} {address} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }
}
