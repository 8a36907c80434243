using Meridian.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Serialization;

namespace Meridian.Client.Regions;

/// <summary>
/// Runs one Orleans client in its own host. Orleans keeps a client's state in the service container, and two clients cannot share one container. The host
/// does not read the application's configuration. So settings for the application's own silo do not reach this client.
/// </summary>
internal sealed class RegionHost : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly IHost _host;
    private readonly TimeProvider _time;

    public RegionHost(
        MeridianRegionOptions region,
        MeridianClientOptions options,
        ILoggerFactory loggerFactory,
        TimeProvider time,
        Func<Exception, CancellationToken, Task> pause,
        Action<RegionHost, int, int> gatewaysChanged)
    {
        _time = time;
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(new OrleansLoggerProvider(loggerFactory));
        builder.Logging.SetMinimumLevel(options.OrleansLogLevel);
        // A host that is stopped before its start completed logs warnings. RegionLink logs everything that matters.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Messaging.ClientMessageCenter", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Runtime.ClientClusterManifestProvider", LogLevel.None);
        builder.Services.AddSingleton<IHostLifetime, ChildLifetime>();
        builder.UseOrleansClient(client =>
        {
            client.Services.AddSerializer(serializer => serializer.AddAssembly(typeof(IRegionEndpoint).Assembly));
            client.Services.AddSingleton<IGatewayListProvider>(new GatewayList(Parse(region.Gateways), GatewayRefresh));
            client.Services.AddSingleton<IClientConnectionRetryFilter>(new ConnectionRetry(pause));
            client.Configure<ClusterOptions>(o =>
            {
                o.ClusterId = region.EffectiveClusterId;
                o.ServiceId = options.ServiceId;
            });
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = GatewayRefresh);
            client.Configure<ConnectionOptions>(o =>
            {
                // Shorter than the shortest pause of ReconnectBackoff, so that Orleans does not suppress an attempt that this client makes.
                o.ConnectionRetryDelay = TimeSpan.FromMilliseconds(40);
                o.OpenConnectionTimeout = options.PingTimeout;
            });
            client.Configure<ClientMessagingOptions>(o =>
            {
                // Fallback for reads and probes, which have shorter limits of their own. Calls that carry a request have a longer timeout, declared in their
                // interface.
                o.ResponseTimeout = LiveConnection.ReadLimit + TimeSpan.FromSeconds(15);
                o.CancelRequestOnTimeout = true;
            });
            client.AddGatewayCountChangedHandler((_, e) => gatewaysChanged(this, e.NumberOfConnectedGateways, e.PreviousNumberOfConnectedGateways));
            options.ConfigureOrleans?.Invoke(region.Name, client);
        });
        _host = builder.Build();
    }

    /// <value>Orleans retries dead gateways at this interval.</value>
    private static TimeSpan GatewayRefresh { get; } = TimeSpan.FromSeconds(5);

    public IClusterClient Client => _host.Services.GetRequiredService<IClusterClient>();

    /// <summary>Completes when the client has a connection and knows the cluster's grains.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>
    /// Closes the connections. Stopping takes at most <c>StopTimeout</c> (2 s), whatever the other side does. Never throws, because a host is given up when
    /// something is wrong with it.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(StopTimeout, _time);
            await _host.StopAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The host was stopped before its start completed, or its peer is dead. Only the release of its resources matters.
        }

        try
        {
            if (_host is IAsyncDisposable disposable)
                await disposable.DisposeAsync().ConfigureAwait(false);
            else
                _host.Dispose();
        }
        catch (Exception)
        {
            // Ignored for the same reason.
        }
    }

    private static List<GatewayAddress> Parse(IList<string> gateways)
    {
        var parsed = new List<GatewayAddress>(gateways.Count);
        foreach (var text in gateways)
        {
            if (GatewayAddress.TryParse(text, out var gateway))
                parsed.Add(gateway);
        }

        return parsed;
    }
}
