using System.Net;
using System.Net.Sockets;
using Meridian.Grains.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Meridian.Client.Tests.Harness;

/// <summary>A whole Orleans cluster of one silo over real sockets, some distance away.</summary>
internal sealed class TestRegion(string name, string jurisdiction) : IAsyncDisposable
{
    private IHost? _host;

    public string Name { get; } = name;

    public string Jurisdiction { get; } = jurisdiction;

    public RegionScript Script { get; } = new(name);

    public Distance Distance { get; } = new();

    public MeridianRegionOptions Options => new() { Name = Name, Jurisdiction = Jurisdiction, Gateways = [Distance.Gateway] };

    /// <summary>Starts a silo; a second call after <see cref="StopAsync"/> is a restart with a higher incarnation.</summary>
    public async Task StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var (siloPort, gatewayPort) = FreePorts();
            var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            builder.UseOrleans(silo =>
            {
                silo.UseLocalhostClustering(siloPort, Distance.Port, serviceId: "meridian", clusterId: $"meridian-{Name}");
                // A silo takes calls to its own services only under the gateway address it advertises: that of the relay.
                silo.Configure<EndpointOptions>(o => o.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Loopback, gatewayPort));
                silo.Services.AddSingleton(Script);
                // The scripted grains stand for Meridian's own, which this process has too.
                silo.Services.PostConfigure<GrainTypeOptions>(o => o.Classes.RemoveWhere(t => t.Assembly == typeof(RegionOptions).Assembly));
                silo.Configure<SiloMessagingOptions>(o => o.CancelRequestOnTimeout = true);
            });
            var host = builder.Build();
            try
            {
                Script.Incarnation++;
                await host.StartAsync();
                _host = host;
                Distance.Target = gatewayPort;
                return;
            }
            catch (Exception) when (attempt < 5)
            {
                // Somebody took a port between our look and the silo's.
                host.Dispose();
            }
        }
    }

    public async Task StopAsync()
    {
        if (_host is not { } host)
            return;
        _host = null;
        Script.Release();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await host.StopAsync(limit.Token);
        host.Dispose();
    }

    /// <summary>As a test found it.</summary>
    public void Restore()
    {
        Script.Infer = (request, _) => Task.FromResult(Script.Embed(request));
        Script.Open = Script.OpenStream;
        Script.Write = static _ => { };
        Script.Closing = Task.CompletedTask;
        Script.Release();
        Script.Streams.Clear();
        Script.Models = [RegionScript.Model("minilm"), RegionScript.Model("stories")];
        Script.Arithmetic = "";
        Script.Draining = false;
        Script.Region = Name;
        Script.Requests.Clear();
        Distance.Delay = TimeSpan.Zero;
        Distance.Thaw();
        Distance.Revive();
    }

    public async ValueTask DisposeAsync()
    {
        await Distance.DisposeAsync();
        await StopAsync();
    }

    private static (int Silo, int Gateway) FreePorts()
    {
        using var silo = new TcpListener(IPAddress.Loopback, 0);
        using var gateway = new TcpListener(IPAddress.Loopback, 0);
        silo.Start();
        gateway.Start();
        return (((IPEndPoint)silo.LocalEndpoint).Port, ((IPEndPoint)gateway.LocalEndpoint).Port);
    }
}
