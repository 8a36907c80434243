using System.Net;
using Meridian.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>A plain Orleans client of one region, for what only the region's own services may do.</summary>
public sealed class RegionCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IHost _host;

    private RegionCluster(IHost host) => _host = host;

    public IClusterClient Client => _host.Services.GetRequiredService<IClusterClient>();

    /// <summary>Connects, for up to 30 s.</summary>
    public static async Task<RegionCluster> ConnectAsync(string region, int gatewayPort)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleansClient(client =>
        {
            client.UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gatewayPort));
            client.UseConnectionRetryFilter(async (_, token) =>
            {
                await Task.Delay(100, token);
                return true;
            });
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ($"meridian-{region}", "meridian"));
        });
        var host = builder.Build();
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await host.StartAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            host.Dispose();
            throw new TimeoutException($"No Orleans gateway of {region} answered at port {gatewayPort} within {Patience.TotalSeconds:0} s.");
        }

        return new RegionCluster(host);
    }

    public IModelDeployment Deployment(string model) => Client.GetGrain<IModelDeployment>(model);

    /// <summary>Number of silos that are members now.</summary>
    public async Task<int> SilosAsync() => (await Client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count;

    public async ValueTask DisposeAsync()
    {
        // With the region gone there is nobody to say goodbye to.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _host.StopAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
        }

        _host.Dispose();
    }
}
