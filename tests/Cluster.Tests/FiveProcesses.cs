using Meridian.Cluster.Tests.Harness;
using Meridian.Inference.Decoders.Contract;
using Meridian.ModelTools.Llama;

namespace Meridian.Cluster.Tests;

/// <summary>Three regions and two front doors as production commands start them, for tests that stop, kill and restart them. Each test begins with <see cref="WholeAsync"/>.</summary>
public sealed class FiveProcesses : IAsyncLifetime
{
    /// <summary>Name of the made language model.</summary>
    public const string Story = "story";

    /// <summary>Names of the front doors.</summary>
    public static readonly string[] Doors = ["front-door", "second-door"];

    private readonly TemporaryDirectory _data = new();
    private readonly Dictionary<string, Edge> _doors = [];
    private Installation? _installation;

    public Installation Installation => _installation ?? throw new InvalidOperationException("The installation was not made.");

    public ValueTask InitializeAsync()
    {
        var folder = Path.Combine(_data.Path, "model");
        LlamaFolder.Make(folder, LlamaFolder.Configure(layers: 4, hidden: 256, heads: 4, kvHeads: 2, intermediate: 512, vocabulary: 512, context: 2048), seed: 1, KvLayout.Shared);
        _installation = new Installation(
            _data.Path,
            regions: 3,
            [
                .. Models.MiniLm,
                .. Models.Entry(1, Story, folder),
                KeyValuePair.Create("Meridian:ShutdownSeconds", "30"),
                KeyValuePair.Create("Meridian:StreamDrainSeconds", "1"),
                KeyValuePair.Create("Meridian:Tenants:0:Name", "clinic"),
                KeyValuePair.Create("Meridian:Tenants:0:Residency:0", "eu"),
                KeyValuePair.Create("Meridian:Gateway:TrustTenantHeader", "true"),
            ]);
        return ValueTask.CompletedTask;
    }

    /// <summary>Starts what an earlier test left stopped, and waits until both front doors and every region see all models in all regions.</summary>
    /// <returns>The front doors.</returns>
    public async Task<(Edge First, Edge Second)> WholeAsync()
    {
        foreach (var region in Installation.Regions.Where(region => !Installation.IsRunning(region))) Installation.StartRegion(region);
        foreach (var door in Doors.Where(door => !Installation.IsRunning(door))) _doors[door] = Installation.StartFrontDoor(door).Edge;
        foreach (var edge in _doors.Values.Concat(Installation.Regions.Select(Installation.Facade)))
        {
            foreach (var model in new[] { "minilm", Story }) await Installation.SeesAsync(edge, model, [.. Installation.Regions]);
        }

        return (_doors[Doors[0]], _doors[Doors[1]]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_installation is not null)
        {
            await _installation.DisposeAsync();
        }

        _data.Dispose();
    }
}
