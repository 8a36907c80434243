using Meridian.Cluster.Tests.Harness;

namespace Meridian.Cluster.Tests;

/// <summary>A region and a front door as production commands start them, for tests that add a process and kill it.</summary>
public sealed class OneRegionOneDoor : IAsyncLifetime
{
    /// <summary>Name of the region.</summary>
    public const string Region = "eastus";

    private readonly TemporaryDirectory _data = new();
    private Installation? _installation;
    private Edge? _door;

    public Installation Installation => _installation ?? throw new InvalidOperationException("The installation was not made.");

    public ValueTask InitializeAsync()
    {
        _installation = new Installation(_data.Path, regions: 1, Models.MiniLm);
        return ValueTask.CompletedTask;
    }

    /// <summary>Starts what an earlier test left stopped, and waits until the front door and the region serve.</summary>
    /// <returns>The front door.</returns>
    public async Task<Edge> WholeAsync()
    {
        if (!Installation.IsRunning(Region)) Installation.StartRegion(Region);
        if (_door is null || !Installation.IsRunning("front-door")) _door = Installation.StartFrontDoor("front-door").Edge;
        await Installation.SeesAsync(_door, "minilm", Region);
        await Installation.SeesAsync(Installation.Facade(Region), "minilm", Region);
        return _door;
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
