using System.Globalization;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Hosting;
using Microsoft.Extensions.Hosting;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>A front door in this process, before the regions of an installation of others: what it measures can be read.</summary>
public sealed class OwnFrontDoor : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 512 }) { Timeout = Timeout.InfiniteTimeSpan };

    private OwnFrontDoor(IHost host, Uri address) => (_host, Address) = (host, address);

    public Uri Address { get; }

    public HttpClient Http => _http;

    /// <summary>Starts it and waits until it sees the models ready in three regions.</summary>
    public static async Task<OwnFrontDoor> StartAsync(DevInstallation installation, params string[] models)
    {
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Range(1)}/"));
        var host = FrontDoorHost.Build(MeridianConfiguration.Load(
            null,
            [],
            [new("Meridian:PortsFrom", installation.PortsFrom.ToString(CultureInfo.InvariantCulture)), new("Meridian:FrontDoor:Url", address.ToString()), new("Meridian:FrontDoor:Name", "own-door")]));
        await host.StartAsync();
        var door = new OwnFrontDoor(host, address);
        var edge = new Edge(address, door._http);
        foreach (var model in models)
        {
            await Eventually.HoldsAsync(
                async token => await edge.RegionsAsync(token) is { Length: 3 } seen && seen.All(r => r.Serves(model)), $"{model} ready in three regions at {address}", TimeSpan.FromSeconds(60));
        }

        return door;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.StopAsync();
        _host.Dispose();
    }
}
