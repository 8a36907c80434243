using Meridian.Grains.Storage;
using StackExchange.Redis;

namespace Meridian.Silo.Tests.Store;

/// <summary>A stored record that is not what was written is never served.</summary>
[Collection(Processes.SiloProcess.Collection)]
public sealed class DamagedRecordTests : IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("grain", "1");

    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task It_is_set_aside_named_and_its_grain_begins_anew()
    {
        await using var store = await RunningStore.StartAsync(_data);
        var records = StoreFiles.Records(store);
        await records.WriteStateAsync("state", Grain, new GrainState<string>("an order"));
        var key = StoreFiles.Key("state", Grain);
        var bytes = (byte[])(await store.Database.HashGetAsync(key, "data"))!;
        bytes[3] ^= 0xFF;
        await store.Database.HashSetAsync(key, "data", bytes);

        var state = new GrainState<string>();
        await records.ReadStateAsync("state", Grain, state);

        Assert.False(state.RecordExists);
        Assert.Contains($"'{key}' is damaged", store.Health.Problem, StringComparison.Ordinal);
        var aside = Assert.Single(Directory.EnumerateFiles(store.Health.Losses.Directory, "*.record"));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(aside));

        await records.WriteStateAsync("state", Grain, new GrainState<string>("another"));
        await records.ReadStateAsync("state", Grain, state);
        Assert.Equal("another", state.State);

        // The operator has dealt with it.
        Directory.Delete(store.Health.Losses.Directory, recursive: true);
        var again = new Meridian.Silo.Store.Health.StoreHealth(store.Plan, TimeProvider.System);
        Assert.Null(again.Problem);
    }

    [Fact]
    public async Task A_record_of_a_newer_release_is_left_alone()
    {
        await using var store = await RunningStore.StartAsync(_data);
        var records = StoreFiles.Records(store);
        await store.Database.HashSetAsync(StoreFiles.Key("state", Grain), "data", new byte[] { 9, 1, 2 });

        await Assert.ThrowsAsync<StoreUnavailableException>(() => records.ReadStateAsync("state", Grain, new GrainState<string>()));

        Assert.Equal(new byte[] { 9, 1, 2 }, (byte[]?)await store.Database.HashGetAsync(StoreFiles.Key("state", Grain), "data"));
        Assert.Null(store.Health.Problem);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_no_damage()
    {
        var store = await RunningStore.StartAsync(_data);
        var records = StoreFiles.Records(store);
        await records.WriteStateAsync("state", Grain, new GrainState<string>("an order"));
        await store.DisposeAsync();

        var failure = await Record.ExceptionAsync(() => records.ReadStateAsync("state", Grain, new GrainState<string>()));

        Assert.True(failure is StoreUnavailableException or ObjectDisposedException or RedisException, $"{failure}");
        Assert.Null(store.Health.Problem);
    }
}
