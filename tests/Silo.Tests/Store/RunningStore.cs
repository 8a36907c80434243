using Meridian.Cluster.Tests.Harness;
using Meridian.Silo.Configuration;
using Meridian.Silo.Processes;
using Meridian.Silo.Store;
using Meridian.Silo.Store.Health;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Meridian.Silo.Tests.Store;

/// <summary>A region's embedded store in the test's process, with a connection to it.</summary>
internal sealed class RunningStore : IAsyncDisposable
{
    private readonly EmbeddedStore _store;

    private RunningStore(RegionPlan plan, StoreHealth health, EmbeddedStore store, ConnectionMultiplexer redis) => (Plan, Health, _store, Redis) = (plan, health, store, redis);

    public RegionPlan Plan { get; }

    public StoreHealth Health { get; }

    public ConnectionMultiplexer Redis { get; }

    /// <value>Writes that wait for room on the disk.</value>
    public int HeldWrites => _store.HeldWrites;

    public IDatabase Database => Redis.GetDatabase();

    /// <summary>Starts it over a data directory.</summary>
    /// <exception cref="StartRefusedException">It does not start.</exception>
    public static async Task<RunningStore> StartAsync(string data, bool acceptLoss = false)
    {
        var options = new MeridianOptions { Region = "eastus", Data = data, PortsFrom = FreePorts.Range(144), Regions = [new RegionEntry { Name = "eastus", Jurisdiction = "us" }] };
        options.Process.AcceptStoreLoss = acceptLoss;
        var plan = RegionPlan.Own(options);
        var health = new StoreHealth(plan, TimeProvider.System);
        var store = new EmbeddedStore(plan, options, health, TimeProvider.System, NullLoggerFactory.Instance, NullLogger<EmbeddedStore>.Instance);
        try
        {
            await store.StartingAsync(CancellationToken.None);
            var connection = RegionStore.Options(plan);
            connection.AsyncTimeout = 30_000;
            return new RunningStore(plan, health, store, await ConnectionMultiplexer.ConnectAsync(connection));
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        await _store.StoppedAsync(CancellationToken.None);
    }
}
