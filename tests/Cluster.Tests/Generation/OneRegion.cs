using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Grains.Shards;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.ModelTools.Llama;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>
/// A whole region in this process, as <c>meridian-server region</c> runs it, so that a test sees its engines' counters beside what a caller sees. A process of the region that has the
/// facade alone, and a front door, can be put before it.
/// </summary>
public sealed class OneRegion : IAsyncDisposable
{
    /// <summary>Name of the model of <see cref="WithSlowModelAsync"/>.</summary>
    public const string Slow = "slow";

    private readonly TemporaryDirectory _data;
    private readonly List<KeyValuePair<string, string?>> _settings;
    private readonly int _ports = FreePorts.Range(144);
    private readonly List<IHost> _hosts = [];

    private OneRegion(TemporaryDirectory data, IEnumerable<KeyValuePair<string, string>> models)
    {
        _data = data;
        _settings =
        [
            new("Meridian:Region", "eastus"),
            new("Meridian:Data", data.Path),
            new("Meridian:PortsFrom", _ports.ToString(CultureInfo.InvariantCulture)),
            .. models.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)),
        ];
    }

    /// <value>Its facade.</value>
    public Uri Address => Local(_ports + 1);

    /// <summary>Starts it with models as <see cref="Models.Entry"/> makes them, and completes when its facade serves all of them.</summary>
    public static Task<OneRegion> StartAsync(params KeyValuePair<string, string>[][] models) => StartAsync(new TemporaryDirectory(), models);

    /// <summary>Starts it with a made model that takes some milliseconds a step and thousands of steps to the end of its context: time enough to leave in the middle.</summary>
    public static Task<OneRegion> WithSlowModelAsync()
    {
        var data = new TemporaryDirectory();
        var folder = Path.Combine(data.Path, "model");
        LlamaFolder.Make(
            folder, LlamaFolder.Configure(layers: 6, hidden: 384, heads: 6, kvHeads: 2, intermediate: 1024, vocabulary: 512, context: 8192), seed: 1, KvLayout.Shared);
        return StartAsync(data, Models.Entry(0, Slow, folder));
    }

    /// <summary>The engine of a model.</summary>
    public IGenerationEngine Engine(string model) =>
        _hosts[0].Services.GetRequiredService<LoadedEngines>().All.OfType<IGenerationEngine>().Single(engine => engine.Package.Manifest.Name == model);

    /// <summary>Grain activations of the silo.</summary>
    public Task<int> ActivationsAsync() => _hosts[0].Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetTotalActivationCount();

    /// <summary>Starts a process of the region that has the facade and no silo; answers its address.</summary>
    public Task<Uri> AddFacadeAsync(string model)
    {
        var address = Local(_ports + 61);
        return AddAsync(
            RegionHost.Build(MeridianConfiguration.Load(
                null,
                [],
                [.. _settings, new("Meridian:Process:Roles", "Facade"), new("Meridian:Process:FacadeUrl", address.ToString()), new("Meridian:Process:ProtocolUrl", Local(_ports + 62).ToString())])),
            address,
            model);
    }

    /// <summary>Starts a front door; answers its address.</summary>
    public Task<Uri> AddFrontDoorAsync(string model) => AddAsync(FrontDoorHost.Build(MeridianConfiguration.Load(null, [], _settings)), Local(_ports), model);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }

        _data.Dispose();
    }

    private static async Task<OneRegion> StartAsync(TemporaryDirectory data, params KeyValuePair<string, string>[][] models)
    {
        var region = new OneRegion(data, models.SelectMany(model => model));
        var host = RegionHost.Build(MeridianConfiguration.Load(null, [], region._settings));
        foreach (var model in models)
        {
            await region.AddAsync(host, region.Address, model.Single(setting => setting.Key.EndsWith(":Name", StringComparison.Ordinal)).Value);
        }

        return region;
    }

    private static Uri Local(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));

    private async Task<Uri> AddAsync(IHost host, Uri address, string model)
    {
        if (!_hosts.Contains(host))
        {
            _hosts.Add(host);
            await host.StartAsync();
        }

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var edge = new Edge(address, http);
        await Eventually.HoldsAsync(
            async token => (await edge.RegionsAsync(token)) is var seen && seen.Any(r => r.Serves(model)), $"{model} to be served at {address}", TimeSpan.FromSeconds(40));
        return address;
    }
}
