using Meridian.Federation.Configuration;
using Meridian.Federation.Hosting;
using Meridian.Federation.Regions;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Benchmarks.Liveness;

/// <summary>An edge that only looks: the product's directory and liveness, without a caller.</summary>
public sealed class Observer : IAsyncDisposable
{
    private readonly IHost _host;

    private Observer(IHost host) => _host = host;

    public IDirectoryFeed Directory => _host.Services.GetRequiredService<IDirectoryFeed>();

    /// <param name="regions">Name and address of each.</param>
    public static async Task<Observer> StartAsync(IEnumerable<(string Name, Uri Address)> regions)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMeridianFederation(options =>
        {
            options.Edge = "observer";
            foreach (var (name, address) in regions)
            {
                options.Regions.Add(new RegionMemberOptions { Name = name, Jurisdiction = "eu", Protocol = address.GetLeftPart(UriPartial.Authority) });
            }

            // Above what the regions say of themselves, so that the observer keeps its own addresses.
            options.Models.Add(new ModelDeclarationOptions { Name = "model-0000" });
            options.Epoch = int.MaxValue;
        });
        var host = builder.Build();
        await host.StartAsync();
        return new Observer(host);
    }

    public async Task UntilAsync(Func<DirectorySnapshot, bool> condition, TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        for (var snapshot = Directory.Current; !condition(snapshot);)
        {
            snapshot = await Directory.WaitForChangeAsync(snapshot, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
