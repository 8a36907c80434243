using System.Diagnostics;
using Meridian.Grains.Storage;
using StackExchange.Redis;

namespace Meridian.Silo.Tests.Store;

/// <summary>The embedded store on a disk without a byte left, and once there is room again.</summary>
public sealed class FullDiskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task It_says_no_space_with_the_path_and_takes_writes_again_by_itself()
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        await using var store = await RunningStore.StartAsync(disk.Directory);
        await store.Database.StringSetAsync("before", 1);
        Assert.Null(store.Health.Refusal);

        disk.Fill();
        var acknowledged = await WriteUntilRefusedAsync(store);
        var refusal = store.Health.Refusal;
        Assert.Contains($"no space left on '{store.Plan.StoreDirectory}'", refusal, StringComparison.Ordinal);
        Assert.Equal(refusal, store.Health.Problem);

        disk.Free();
        await UntilAsync(() => store.Health.Refusal is null, "the problem is over");
        await store.Database.StringSetAsync("after", 1);
        Assert.Null(store.Health.Problem);

        // What is on the disk now is what a start would find.
        var image = Path.Combine(disk.Directory, "image");
        StoreFiles.Copy(disk.Directory, image);
        await using var again = await RunningStore.StartAsync(image);
        Assert.Null(again.Health.Problem);
        foreach (var key in acknowledged.Append("before").Append("after"))
        {
            Assert.True(await again.Database.KeyExistsAsync(key), $"'{key}' was acknowledged and is missing.");
        }
    }

    [Fact]
    public async Task Writes_that_even_the_reserve_has_no_room_for_are_held_and_made_when_there_is_room()
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        await using var store = await RunningStore.StartAsync(disk.Directory);
        await store.Database.StringSetAsync("before", 1);
        disk.Fill();
        await WriteUntilRefusedAsync(store);

        // The room that the reserve gave is filled, too. The store tries to make a new reserve four times a second, and gives its room back when it does not fit:
        // a disk filled at such a moment has room again, and a write goes through. So the disk is filled until a write waits.
        var held = Task.FromResult(true);
        await UntilAsync(
            () =>
            {
                disk.Fill();
                if (held.IsCompleted)
                {
                    held = store.Database.StringSetAsync("held", new byte[100_000]);
                }

                return store.HeldWrites > 0;
            },
            "a write waits for room");
        var behind = store.Database.StringSetAsync("behind", 1);
        Assert.False(held.IsCompleted);
        disk.Free();

        Assert.True(await held);
        Assert.True(await behind);
        await UntilAsync(() => store.Health.Refusal is null, "the problem is over");
        Assert.Equal(1, (int)await store.Database.StringGetAsync("behind"));
    }

    [Fact]
    public async Task It_stops_while_its_disk_is_full_and_has_all_afterwards()
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        List<string> acknowledged;
        await using (var store = await RunningStore.StartAsync(disk.Directory))
        {
            disk.Fill();
            acknowledged = await WriteUntilRefusedAsync(store);
            disk.Fill();
            _ = store.Database.StringSetAsync("held", new byte[100_000], flags: CommandFlags.FireAndForget);
        }

        disk.Free();
        await using var again = await RunningStore.StartAsync(disk.Directory);
        Assert.Null(again.Health.Problem);
        foreach (var key in acknowledged)
        {
            Assert.True(await again.Database.KeyExistsAsync(key), $"'{key}' was acknowledged and is missing.");
        }
    }

    [Fact]
    public async Task A_change_of_a_record_is_refused_in_words_before_it_is_sent()
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        await using var store = await RunningStore.StartAsync(disk.Directory);
        var records = StoreFiles.Records(store);
        disk.Fill();
        await WriteUntilRefusedAsync(store);

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => records.WriteStateAsync("state", GrainId.Create("grain", "1"), new GrainState<string>("text")));
        Assert.StartsWith($"no space left on '{store.Plan.StoreDirectory}'", refused.Message, StringComparison.Ordinal);

        disk.Free();
        await UntilAsync(() => store.Health.Refusal is null, "the problem is over");
        await records.WriteStateAsync("state", GrainId.Create("grain", "1"), new GrainState<string>("text"));
    }

    private static async Task<List<string>> WriteUntilRefusedAsync(RunningStore store)
    {
        var acknowledged = new List<string>();
        for (var i = 0; store.Health.Refusal is null; i++)
        {
            Assert.True(i < 2000, "The disk is full, and the store did not notice.");
            await store.Database.StringSetAsync($"key-{i}", new byte[8000]);
            acknowledged.Add($"key-{i}");
        }

        return acknowledged;
    }

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Patience, $"Not within {Patience.TotalSeconds} s: {what}.");
            await Task.Delay(50);
        }
    }
}
