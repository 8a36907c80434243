using System.Diagnostics;
using Meridian.Intents.Tests.Quorum.Members;

namespace Meridian.Intents.Tests.Quorum;

public sealed class DiskTests
{
    [Fact]
    public async Task A_disk_that_takes_no_writes_is_not_acknowledged_to_and_is_used_again_when_it_does()
    {
        await using var quorum = await TestQuorum.StartAsync(["eu"]);
        var member = quorum["eu"];
        await TestQuorum.ChangeAsync(member, TestQuorum.Write(1, 1));
        var log = Path.Combine(member.Directory, "log", "data");
        var aside = Path.Combine(member.Directory, "aside");

        // As good as a full disk to whoever writes: every write fails, and what was written stays.
        System.IO.Directory.Move(log, aside);
        var refused = await Assert.ThrowsAsync<IntentUnavailableException>(() => TestQuorum.ChangeAsync(member, TestQuorum.Write(2, 2), 2));
        await quorum.HoldsAsync(() => member.Log.Status.Problem?.Contains("takes no writes", StringComparison.Ordinal) == true, "the member to say so");
        Assert.True(refused.OutcomeUnknown);
        Assert.False(member.Log.Status.CanChange);
        Assert.Equal([1], member.Log.Current.Records[TestQuorum.Key(1)].Value);

        System.IO.Directory.Move(aside, log);
        await quorum.CanChangeAsync();
        Assert.Null(member.Log.Status.Problem);
        Assert.True((await TestQuorum.ChangeAsync(member, TestQuorum.Write(3, 3))).Made);
    }

    [Fact]
    public async Task A_full_disk_is_not_acknowledged_to_and_is_used_again_when_there_is_room()
    {
        await using var quorum = new TestQuorum(["eu"]);
        var member = quorum["eu"];
        System.IO.Directory.CreateDirectory(member.Directory);
        Assert.SkipUnless(await MountAsync("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", member.Directory), "Mounting a small file system takes more rights than this process has.");
        try
        {
            await member.StartAsync();
            await quorum.CanChangeAsync();
            var ballast = Path.Combine(member.Directory, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[4 << 20]);

            var made = new List<int>();
            var failure = await Assert.ThrowsAsync<IntentUnavailableException>(async () =>
            {
                for (var i = 0; i < 64; i++)
                {
                    await TestQuorum.ChangeAsync(member, new IntentChange { Operation = Guid.NewGuid(), Writes = [new IntentWrite(TestQuorum.Key(i), new byte[256 * 1024])] }, 3);
                    made.Add(i);
                }
            });
            Assert.True(failure.OutcomeUnknown);
            await quorum.HoldsAsync(() => member.Log.Status.Problem?.Contains("Make room", StringComparison.Ordinal) == true, "the member to say so");

            File.Delete(ballast);
            await quorum.CanChangeAsync();
            var copy = await TestQuorum.ReadAsync(member);
            Assert.NotEmpty(made);
            Assert.All(made, i => Assert.Equal(256 * 1024, copy.Records[TestQuorum.Key(i)].Value.Length));
            Assert.True((await TestQuorum.ChangeAsync(member, TestQuorum.Write(99, 1))).Made);
            await member.StopAsync();
            await member.StartAsync();
            Assert.Equal([1], member.Log.Current.Records[TestQuorum.Key(99)].Value);
        }
        finally
        {
            await member.StopAsync();
            await MountAsync("umount", member.Directory);
        }
    }

    [Fact]
    public async Task A_follower_whose_disk_takes_no_writes_does_not_count()
    {
        await using var quorum = await TestQuorum.StartAsync(["eu", "us"]);
        await TestQuorum.ChangeAsync(quorum["eu"], TestQuorum.Write(1, 1));
        await quorum.AgreeAsync();
        var leader = await quorum.CanChangeAsync();
        var follower = quorum.Members.Single(member => member != leader);
        System.IO.Directory.Move(Path.Combine(follower.Directory, "log", "data"), Path.Combine(follower.Directory, "aside"));

        await Assert.ThrowsAsync<IntentUnavailableException>(() => TestQuorum.ChangeAsync(leader, TestQuorum.Write(2, 2), 2));

        System.IO.Directory.Move(Path.Combine(follower.Directory, "aside"), Path.Combine(follower.Directory, "log", "data"));
        Assert.True((await TestQuorum.ChangeAsync(follower, TestQuorum.Write(3, 3))).Made);
        await quorum.AgreeAsync();
    }

    [Theory]
    [InlineData("member")]
    [InlineData("members")]
    [InlineData("snapshots/*")]
    [InlineData("log/data/0")]
    public async Task A_damaged_file_is_named_with_the_remedy(string pattern)
    {
        await using var quorum = await TestQuorum.StartAsync(["eu"]);
        var member = quorum["eu"];
        for (var i = 0; i < (pattern.StartsWith('s') ? 100 : 5); i++)
            await TestQuorum.ChangeAsync(member, TestQuorum.Write(i, 1));
        await member.StopAsync();
        var file = System.IO.Directory.GetFiles(Path.Combine(member.Directory, Path.GetDirectoryName(pattern)!), Path.GetFileName(pattern)).Order().Last();
        var bytes = await File.ReadAllBytesAsync(file);

        // The first of the log's bytes belong to its first entries, whichever kind they are.
        for (var i = 0; i < Math.Min(bytes.Length, 512); i++)
            bytes[i] ^= 0x5a;
        await File.WriteAllBytesAsync(file, bytes);

        var failure = await Assert.ThrowsAsync<IntentLogException>(member.StartAsync);

        Assert.Contains(pattern.StartsWith("log", StringComparison.Ordinal) ? Path.Combine(member.Directory, "log") : file, failure.Message);
        Assert.Contains("move", failure.Message);
    }

    private static async Task<bool> MountAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
