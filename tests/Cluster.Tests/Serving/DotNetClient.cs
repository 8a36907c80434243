using Meridian.Client;
using Meridian.Client.Hosting;
using Meridian.Cluster.Tests.Harness;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meridian.Cluster.Tests.Serving;

/// <summary>A .NET service that uses Meridian: a host with <c>AddMeridian</c>, connected to the Orleans gateways of the regions.</summary>
public sealed class DotNetClient : IAsyncDisposable
{
    private readonly IHost _host;

    private DotNetClient(IHost host) => _host = host;

    public IMeridianClient Client => _host.Services.GetRequiredService<IMeridianClient>();

    public IEmbeddingGenerator<string, Embedding<float>> Embeddings => _host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();

    /// <summary>Starts it and waits until all regions are connected and serve the model.</summary>
    public static async Task<DotNetClient> StartAsync(DevInstallation installation, string model, string? home = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddMeridian(options =>
        {
            options.HomeRegion = home;
            options.DefaultModel = model;
            foreach (var region in installation.Regions)
            {
                options.Regions.Add(new MeridianRegionOptions { Name = region, Gateways = [$"127.0.0.1:{installation.GatewayPort(region)}"] });
            }
        });
        var client = new DotNetClient(builder.Build());
        try
        {
            await client._host.StartAsync();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await client.Client.WaitUntilAsync(
                regions => regions.All(r => r.State == RegionConnectionState.Alive && r.Models.Any(m => m.Model == model && m.ReadyReplicas > 0)), limit.Token);
        }
        catch (OperationCanceledException)
        {
            var seen = string.Join("; ", client.Client.Regions.Select(r => $"{r.Name} {r.State} {r.Problem}"));
            await client.DisposeAsync();
            throw new TimeoutException($"The .NET client did not connect to every region within 30 s: {seen}. {installation.Supervisor.Tail()}");
        }

        return client;
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _host.StopAsync(limit.Token);
        _host.Dispose();
    }
}
