using Meridian.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Serialization;

namespace Meridian.Client.Regions;

/// <summary>
/// One Orleans client in a host of its own: Orleans keeps a client's state in its container, and two clients cannot share one.
/// The host sees none of the application's configuration, so that settings meant for the application's own silo do not reach it.
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
        // A host that is given up half started complains of it; RegionLink says what there is to say.
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
                // Below the shortest pause of ReconnectBackoff, so that every attempt of ours is one.
                o.ConnectionRetryDelay = TimeSpan.FromMilliseconds(40);
                o.OpenConnectionTimeout = options.PingTimeout;
            });
            client.Configure<ClientMessagingOptions>(o =>
            {
                // The net below reads and looks, which have limits of their own. Calls that carry a request have a longer one, in their interface.
                o.ResponseTimeout = LiveConnection.ReadLimit + TimeSpan.FromSeconds(15);
                o.CancelRequestOnTimeout = true;
            });
            client.AddGatewayCountChangedHandler((_, e) => gatewaysChanged(this, e.NumberOfConnectedGateways, e.PreviousNumberOfConnectedGateways));
            options.ConfigureOrleans?.Invoke(region.Name, client);
        });
        _host = builder.Build();
    }

    /// <value>Gateways that were dead are tried again this often.</value>
    private static TimeSpan GatewayRefresh { get; } = TimeSpan.FromSeconds(5);

    public IClusterClient Client => _host.Services.GetRequiredService<IClusterClient>();

    /// <summary>Completes when the client has a connection and knows the cluster's grains.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>Closes the connections, within 2 s whatever the other side does. Never throws: a host is given up because something is wrong with it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(StopTimeout, _time);
            await _host.StopAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Being stopped half started, or with a dead peer: what matters is that it is let go of.
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
            // As above.
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
