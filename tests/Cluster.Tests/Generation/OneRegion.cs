using System.Globalization;
using Meridian.Cluster.Tests.Harness;
using Meridian.Grains.Shards;
using Meridian.Inference.Decoders;
using Meridian.Inference.Engines.Generation;
using Meridian.Silo.Configuration;
using Meridian.Silo.Hosting;
using Meridian.ModelTools.Llama;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Meridian.Cluster.Tests.Generation;

/// <summary>A whole region in this process, as <c>Silo region</c> runs it, so that a test sees its engine's counters beside what a caller sees.</summary>
public sealed class OneRegion : IAsyncDisposable
{
    /// <summary>Name of its model.</summary>
    public const string Model = "made";

    private readonly TemporaryDirectory _data = new();
    private readonly IHost _host;

    private OneRegion()
    {
        // Some milliseconds a step, thousands of steps to the end of the context: time enough to leave in the middle.
        var model = Path.Combine(_data.Path, "model");
        LlamaFolder.Make(
            model, LlamaFolder.Configure(layers: 6, hidden: 384, heads: 6, kvHeads: 2, intermediate: 1024, vocabulary: 512, context: 8192), seed: 1, KvLayout.Shared);
        var ports = FreePorts.Range(144);
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{ports + 1}/"));
        var settings = new List<KeyValuePair<string, string?>>
        {
            new("Meridian:Region", "eastus"),
            new("Meridian:Data", _data.Path),
            new("Meridian:PortsFrom", ports.ToString(CultureInfo.InvariantCulture)),
        };
        settings.AddRange(Models.Entry(0, Model, model, ("Kind", "generation")).Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        _host = RegionHost.Build(MeridianConfiguration.Load(null, [], settings));
    }

    /// <value>Its facade.</value>
    public Uri Address { get; }

    /// <value>The model's engine.</value>
    public IGenerationEngine Engine => _host.Services.GetRequiredService<LoadedEngines>().All.OfType<IGenerationEngine>().Single();

    /// <summary>Starts it, and completes when its facade says that it serves.</summary>
    public static async Task<OneRegion> StartAsync()
    {
        var region = new OneRegion();
        await region._host.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var edge = new Edge(region.Address, http);
        await Eventually.HoldsAsync(
            async token => (await edge.RegionsAsync(token)) is var seen && seen.Any(r => r.Serves(Model)), $"{Model} to be served at {region.Address}", TimeSpan.FromSeconds(40));
        return region;
    }

    /// <summary>Grain activations of the silo.</summary>
    public Task<int> ActivationsAsync() => _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetTotalActivationCount();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _data.Dispose();
    }
}
