using Meridian.Federation.Configuration;
using Meridian.Federation.Edge;
using Meridian.Federation.Hosting;
using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Federation.Tests.Protocol;

/// <summary>A front door in miniature.</summary>
internal sealed class EdgeHost : IAsyncDisposable
{
    private readonly IHost _host;

    private EdgeHost(IHost host) => _host = host;

    public IEdge Edge => _host.Services.GetRequiredService<IEdge>();

    public IDirectoryFeed Directory => _host.Services.GetRequiredService<IDirectoryFeed>();

    public IIntentSource Intent => _host.Services.GetRequiredService<IIntentSource>();

    public IFailureReports Reports => _host.Services.GetRequiredService<IFailureReports>();

    public IAttemptReports Attempts => _host.Services.GetRequiredService<IAttemptReports>();

    public IPeerHints Hints => _host.Services.GetRequiredService<IPeerHints>();

    public InFlightLedger InFlight => _host.Services.GetRequiredService<InFlightLedger>();

    public static async Task<EdgeHost> StartAsync(Action<FederationOptions> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMeridianFederation(configure);
        var host = builder.Build();
        await host.StartAsync();
        return new EdgeHost(host);
    }

    /// <summary>The first snapshot that satisfies the condition; fails the test with the last one seen after 20 s.</summary>
    public async Task<DirectorySnapshot> UntilAsync(Func<DirectorySnapshot, bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var snapshot = Directory.Current;
        try
        {
            while (!condition(snapshot))
                snapshot = await Directory.WaitForChangeAsync(snapshot, limit.Token);
            return snapshot;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{what} did not come; regions: {string.Join(", ", snapshot.Views.Values.Select(v => $"{v.Name} {v.Health} {v.Incarnation}"))}");
        }
    }

    public Task<DirectorySnapshot> UntilAsync(string region, RegionHealth health, long incarnation = 0) =>
        UntilAsync(s => s.Views.TryGetValue(region, out var v) && v.Health == health && (incarnation == 0 || v.Incarnation == incarnation), $"{region} {health} {incarnation}");

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}
