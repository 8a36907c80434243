using Meridian.Silo.Processes;
using StackExchange.Redis;

namespace Meridian.Silo.Tests.Processes;

/// <summary>The embedded store by itself: what it keeps, and what it says of files that somebody damaged.</summary>
[Collection(SiloProcess.Collection)]
public sealed class StoreTests : IDisposable
{
    private const int Keys = 200;

    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    private string Files => Path.Combine(_data, "eastus", "store");

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task What_it_acknowledged_is_there_after_kill_9()
    {
        var ports = SiloProcess.FreePorts();
        await using (var store = Start(ports))
        {
            await WriteAsync(store, ports);
            store.Kill();
            await store.ExitAsync();
        }

        await using var again = Start(ports);
        await using var redis = await ConnectAsync(again, ports);
        for (var i = 0; i < Keys; i++)
        {
            Assert.Equal(i, (int)await redis.GetDatabase().StringGetAsync($"key-{i}"));
        }

        Assert.False(Directory.EnumerateDirectories(Files, "damaged-*").Any());
    }

    [Fact]
    public async Task Damage_before_the_end_ends_in_words_until_the_loss_is_accepted()
    {
        var ports = SiloProcess.FreePorts();
        await using (var store = Start(ports))
        {
            await WriteAsync(store, ports);
            store.Kill();
            await store.ExitAsync();
        }

        var log = Path.Combine(Files, "AOF", "aof.log.0");
        await using (var file = File.OpenWrite(log))
        {
            file.Position = file.Length / 2;
            file.Write(new byte[64].Select(_ => (byte)0xA5).ToArray());
        }

        await using (var refused = Start(ports))
        {
            Assert.Equal(ExitCode.Unavailable, await refused.ExitAsync());
            Assert.Contains("The store of region 'eastus' does not start", refused.Output, StringComparison.Ordinal);
            Assert.Contains($"'{log}' is not what was written there", refused.Output, StringComparison.Ordinal);
            Assert.Contains("--accept-store-loss", refused.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);
        }

        await using var again = Start(ports, "--accept-store-loss");
        await using (await ConnectAsync(again, ports))
        {
        }

        await again.UntilAsync(() => again.Output.Contains("is damaged: The store was started with --accept-store-loss", StringComparison.Ordinal), "the damage is reported");
        Assert.Contains("acknowledged writes are missing", again.Output, StringComparison.Ordinal);
        var copy = Assert.Single(Directory.EnumerateDirectories(Files, "damaged-*"));
        Assert.True(File.Exists(Path.Combine(copy, "aof.log.0")));
    }

    [Fact]
    public async Task Files_that_cannot_be_opened_end_in_words_with_the_directory_and_the_remedy()
    {
        Directory.CreateDirectory(Files);
        await File.WriteAllTextAsync(Path.Combine(Files, "AOF"), "");

        await using var store = Start(SiloProcess.FreePorts());

        Assert.Equal(ExitCode.Unavailable, await store.ExitAsync());
        Assert.Contains("The store of region 'eastus' does not start", store.Output, StringComparison.Ordinal);
        Assert.Contains(Files, store.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", store.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_keeps_is_its_users_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Files have no modes on Windows.");
            return;
        }

        // As an earlier release left it.
        Directory.CreateDirectory(Path.Combine(_data, "eastus"), (UnixFileMode)0b111_101_101);
        var ports = SiloProcess.FreePorts();
        await using var store = Start(ports);
        await WriteAsync(store, ports);

        var region = new DirectoryInfo(Path.Combine(_data, "eastus"));
        const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.All(region.GetFileSystemInfos("*", SearchOption.AllDirectories).Append(region), entry => Assert.Equal(UnixFileMode.None, entry.UnixFileMode & OfOthers));
    }

    private async Task WriteAsync(SiloProcess store, int ports)
    {
        await using var redis = await ConnectAsync(store, ports);
        for (var i = 0; i < Keys; i++)
        {
            await redis.GetDatabase().StringSetAsync($"key-{i}", i);
        }

        store.ExpectsExit = true;
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(SiloProcess store, int ports)
    {
        ConnectionMultiplexer? redis = null;
        await store.UntilAsync(
            async () =>
            {
                try
                {
                    redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{ports + 113},connectRetry=1,connectTimeout=2000,asyncTimeout=30000,password={(await File.ReadAllTextAsync(Path.Combine(Files, "password"))).Trim()}");
                    return true;
                }
                catch (Exception e) when (e is RedisConnectionException or IOException)
                {
                    return false;
                }
            },
            "the store answers");
        return redis!;
    }

    private SiloProcess Start(int ports, params string[] more) => SiloProcess.Start(["region", "--name", "eastus", "--roles", "store", "--data", _data, "--ports-from", $"{ports}", .. more]);
}
