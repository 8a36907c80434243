using System.Net;
using System.Net.Sockets;
using Meridian.Federation.Configuration;
using Meridian.Federation.Hosting;
using Meridian.Federation.Regions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>A region's process in miniature: Kestrel on loopback with the region protocol over a <see cref="TestRegion"/>.</summary>
internal sealed class RegionHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RegionHost(WebApplication app, TestRegion region, Uri address)
    {
        _app = app;
        Region = region;
        Address = address;
    }

    public TestRegion Region { get; }

    public Uri Address { get; }

    /// <param name="region">Answers the requests.</param>
    /// <param name="jurisdiction">Of the region.</param>
    /// <param name="port">0 picks a free one; a restarted region keeps its predecessor's.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="time">Clock of the process; the machine's where it is null.</param>
    public static async Task<RegionHost> StartAsync(
        TestRegion region, string jurisdiction = "eu", int port = 0, Action<FederationOptions>? configure = null, TimeProvider? time = null)
    {
        port = port == 0 ? FreePort() : port;
        var address = new Uri($"http://127.0.0.1:{port}");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton<ILocalRegion>(region);
        builder.Services.AddMeridianFederation(options =>
        {
            options.Edge = region.Name;
            options.Region = region.Name;
            options.Regions.Add(new RegionMemberOptions { Name = region.Name, Jurisdiction = jurisdiction, Protocol = address.OriginalString });
            options.Models.Add(new ModelDeclarationOptions { Name = "minilm" });
            configure?.Invoke(options);
        });
        var app = builder.Build();
        app.MapMeridianRegionProtocol();
        await app.StartAsync();
        return new RegionHost(app, region, address);
    }

    public IServiceProvider Services => _app.Services;

    /// <summary>As close to kill -9 as one process gets: the listener closes and every connection is reset, without a word.</summary>
    public async Task KillAsync()
    {
        var server = _app.Services.GetRequiredService<IServer>();
        await server.StopAsync(new CancellationToken(canceled: true));
    }

    /// <summary>An ordinary end: SIGTERM. On return every listener of <c>ApplicationStopping</c> has run; the task ends with the process.</summary>
    public Task StopAsync()
    {
        _app.Lifetime.StopApplication();
        return _app.StopAsync();
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
