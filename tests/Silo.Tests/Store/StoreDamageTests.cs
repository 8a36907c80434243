using System.Text;
using Meridian.Grains.Deployments;
using Meridian.Grains.Storage;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Tests.Store;

/// <summary>What a region says of each damage of its store, after it was killed in the middle of its work.</summary>
[Collection(Processes.SiloProcess.Collection)]
public sealed class StoreDamageTests : IAsyncLifetime
{
    private const int Orders = 60;

    private static readonly MessagePackGrainStorageSerializer Serializer = new();

    private readonly string _root = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    private string Files => Path.Combine(_root, "killed", "eastus", "store");

    private string Log => Path.Combine(Files, "AOF", "aof.log.0");

    public async ValueTask InitializeAsync()
    {
        await using var store = await RunningStore.StartAsync(Path.Combine(_root, "running"));
        for (var i = 0; i < Orders; i++)
        {
            await store.Database.HashSetAsync($"order-{i}", [new("data", Serializer.Serialize(Order(i)).ToArray()), new("etag", i)]);
        }

        // The files of a process that is killed now.
        StoreFiles.Copy(Path.Combine(_root, "running"), Path.Combine(_root, "killed"));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Sound_files_hold_all_and_nothing_is_said()
    {
        await using var store = await RunningStore.StartAsync(Path.Combine(_root, "killed"));

        Assert.Null(store.Health.Problem);
        Assert.Equal(Orders, await CountAsync(store));
        await store.Database.StringSetAsync("after", 1);
    }

    [Fact]
    public async Task Started_again_and_again_it_says_nothing()
    {
        for (var i = 0; i < 3; i++)
        {
            await using var store = await RunningStore.StartAsync(Path.Combine(_root, "killed"));
            Assert.Null(store.Health.Problem);
            Assert.Equal(Orders, await CountAsync(store));
            await store.Database.StringSetAsync($"after-{i}", i);
        }
    }

    // Killed after the file had writes and before the ledger had them.
    [Fact]
    public async Task Writes_that_only_the_file_has_are_taken_and_are_no_damage_later()
    {
        var later = Path.Combine(_root, "later");
        await using (var store = await RunningStore.StartAsync(Path.Combine(_root, "killed")))
        {
            StoreFiles.Copy(Path.Combine(Files, "ledger"), Path.Combine(_root, "behind"));
            for (var i = 0; i < Orders; i++)
            {
                await store.Database.StringSetAsync($"later-{i}", i);
            }

            StoreFiles.Copy(Path.Combine(_root, "killed"), later);
        }

        Directory.Delete(Path.Combine(later, "eastus", "store", "ledger"), recursive: true);
        StoreFiles.Copy(Path.Combine(_root, "behind"), Path.Combine(later, "eastus", "store", "ledger"));

        for (var i = 0; i < 2; i++)
        {
            await using var store = await RunningStore.StartAsync(later);
            Assert.Null(store.Health.Problem);
            Assert.Equal(Orders - 1, (int)await store.Database.StringGetAsync($"later-{Orders - 1}"));
            await store.Database.StringSetAsync("after", i);
        }
    }

    [Theory]
    [InlineData("log deleted", "is missing")]
    [InlineData("folder of the log deleted", "is missing")]
    [InlineData("log cut in half", "were written")]
    [InlineData("middle overwritten", "before its end")]
    [InlineData("a key flipped", "before its end")]
    public async Task Damage_before_the_end_keeps_it_from_starting_until_the_loss_is_accepted(string damage, string says)
    {
        await DoAsync(damage);

        var refusal = await Assert.ThrowsAsync<StartRefusedException>(() => RunningStore.StartAsync(Path.Combine(_root, "killed")));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Files, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--accept-store-loss", refusal.Message, StringComparison.Ordinal);

        await using (var store = await RunningStore.StartAsync(Path.Combine(_root, "killed"), acceptLoss: true))
        {
            Assert.Contains(says, store.Health.Problem, StringComparison.Ordinal);
            Assert.Single(Directory.EnumerateDirectories(Files, "damaged-*"));
            await store.Database.StringSetAsync("after", 1);
        }

        await using var again = await RunningStore.StartAsync(Path.Combine(_root, "killed"));
        Assert.Equal(1, (int)await again.Database.StringGetAsync("after"));
        Assert.Contains(says, again.Health.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_end_is_told_with_the_number_of_writes_that_are_missing()
    {
        await DoAsync("length of the last record flipped");

        await using var store = await RunningStore.StartAsync(Path.Combine(_root, "killed"));

        Assert.Equal(Orders - 1, await CountAsync(store));
        Assert.Contains("The last acknowledged write is missing", store.Health.Problem, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Assert.Single(Directory.EnumerateDirectories(Files, "damaged-*")), "aof.log.0")));
    }

    [Theory]
    [InlineData("a value flipped")]
    [InlineData("the last value flipped")]
    public async Task A_damaged_value_is_told_and_the_rest_is_served(string damage)
    {
        await DoAsync(damage);

        await using var store = await RunningStore.StartAsync(Path.Combine(_root, "killed"));

        Assert.Contains("damaged", store.Health.Problem, StringComparison.Ordinal);
        Assert.Equal(Orders, await CountAsync(store));
        var broken = 0;
        for (var i = 0; i < Orders; i++)
        {
            try
            {
                Assert.Equal(Order(i).History, Serializer.Deserialize<DeploymentState>(new BinaryData((byte[])(await store.Database.HashGetAsync($"order-{i}", "data"))!))!.History);
            }
            catch (DamagedRecordException)
            {
                broken++;
            }
        }

        Assert.Equal(1, broken);
    }

    [Theory]
    [InlineData("a value flipped")]
    [InlineData("the last value flipped")]
    [InlineData("length of the last record flipped")]
    public async Task Damage_is_told_once(string damage)
    {
        await DoAsync(damage);

        for (var start = 0; start < 3; start++)
        {
            await using var store = await RunningStore.StartAsync(Path.Combine(_root, "killed"));
            Assert.Equal(start == 0, store.Health.Problem is not null);
            for (var i = 0; i < Orders; i++)
            {
                await store.Database.StringSetAsync($"after-{start}-{i}", i);
            }

            // The operator has read it.
            if (start == 0) Directory.Delete(Path.Combine(_root, "killed", "eastus", "store-losses"), recursive: true);
        }

        Assert.Single(Directory.EnumerateDirectories(Files, "damaged-*"));
    }

    [Theory]
    [InlineData("commit file flipped")]
    [InlineData("commit files deleted")]
    public async Task Damage_that_loses_nothing_is_no_matter(string damage)
    {
        await DoAsync(damage);

        await using var store = await RunningStore.StartAsync(Path.Combine(_root, "killed"));

        Assert.Null(store.Health.Problem);
        Assert.Equal(Orders, await CountAsync(store));
    }

    [Fact]
    public async Task A_store_of_a_release_without_ledger_is_read()
    {
        Directory.Delete(Path.Combine(Files, "ledger"), recursive: true);

        await using (var store = await RunningStore.StartAsync(Path.Combine(_root, "killed")))
        {
            Assert.Null(store.Health.Problem);
            Assert.Equal(Orders, await CountAsync(store));
        }

        File.Delete(Log);
        await Assert.ThrowsAsync<StartRefusedException>(() => RunningStore.StartAsync(Path.Combine(_root, "killed")));
    }

    private static DeploymentState Order(int number) => new DeploymentState().With(
        new Meridian.Grains.ScaleChange { OperationId = $"order-{number:000}", Replicas = 2, By = "ada", Reason = $"reason of order {number:000} with {new string('a', 60)} and its end" },
        DateTimeOffset.UnixEpoch.AddMinutes(number));

    private static async Task<int> CountAsync(RunningStore store)
    {
        var count = 0;
        for (var i = 0; i < Orders; i++)
        {
            count += await store.Database.KeyExistsAsync($"order-{i}") ? 1 : 0;
        }

        return count;
    }

    private async Task DoAsync(string damage)
    {
        var log = await File.ReadAllBytesAsync(Log);
        switch (damage)
        {
            case "log deleted":
                File.Delete(Log);
                return;
            case "folder of the log deleted":
                Directory.Delete(Path.GetDirectoryName(Log)!, recursive: true);
                return;
            case "log cut in half":
                log = log[..(Last(log, "reason of order 030") + 10)];
                break;
            case "middle overwritten":
                log.AsSpan(Last(log, "reason of order 029") - 120, 200).Fill(0xA5);
                break;
            case "a key flipped":
                log.AsSpan(log.AsSpan().IndexOf("order-30"u8), 3).Fill((byte)'x');
                break;
            case "a value flipped":
                log.AsSpan(Last(log, "reason of order 030") + 40, 8).Fill(0xFF);
                break;
            case "the last value flipped":
                log.AsSpan(Last(log, "reason of order 059") + 40, 8).Fill(0xFF);
                break;
            case "length of the last record flipped":
                log[LastEntry(log)] ^= 0x55;
                break;
            case "commit file flipped":
                foreach (var file in Commits())
                {
                    var bytes = await File.ReadAllBytesAsync(file);
                    bytes.AsSpan(0, Math.Min(64, bytes.Length)).Fill(0x5A);
                    await File.WriteAllBytesAsync(file, bytes);
                }

                return;
            case "commit files deleted":
                foreach (var file in Commits())
                {
                    File.Delete(file);
                }

                return;
            default:
                throw new ArgumentException(damage);
        }

        await File.WriteAllBytesAsync(Log, log);
    }

    private string[] Commits() => [.. Directory.EnumerateFiles(Files, "*commit*", SearchOption.AllDirectories)];

    private static int Last(byte[] log, string text) => log.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(text));

    /// <summary>Where the last entry that is no commit begins.</summary>
    private static int LastEntry(byte[] log)
    {
        var (at, last) = (64, 64);
        while (BitConverter.ToInt32(log, at) is var length and not 0)
        {
            last = length > 0 ? at : last;
            at += 4 + ((Math.Abs(length) + 3) & ~3);
        }

        return last;
    }
}
