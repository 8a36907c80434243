using Meridian.TestModules;

namespace Meridian.Simulation.Tests;

/// <summary>The lock by which test modules leave each other alone (tests/Modules).</summary>
public sealed class ModuleLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("meridian-lock-").FullName;

    private string File => Path.Combine(_folder, "lock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Modules_that_share_run_side_by_side_and_one_that_runs_alone_waits_for_all_of_them()
    {
        var first = await ModuleLock.HoldAsync(File, alone: false);
        var second = await ModuleLock.HoldAsync(File, alone: false);
        Assert.Null(ModuleLock.TryTake(File, alone: true));
        await first.DisposeAsync();
        Assert.Null(ModuleLock.TryTake(File, alone: true));
        await second.DisposeAsync();

        await using var alone = await ModuleLock.HoldAsync(File, alone: true);

        Assert.Null(ModuleLock.TryTake(File, alone: false));
        Assert.Null(ModuleLock.TryTake(File, alone: true));
    }

    [Fact]
    public async Task A_module_that_waits_to_run_alone_goes_before_those_that_come_after_it()
    {
        var running = await ModuleLock.HoldAsync(File, alone: false);
        var alone = ModuleLock.HoldAsync(File, alone: true);
        var later = ModuleLock.HoldAsync(File, alone: false);
        await running.DisposeAsync();

        // The later one could have had the lock at once; it gets it only when the one that runs alone has given it back.
        await using (await alone)
        {
            Assert.False(later.IsCompleted);
        }

        await (await later).DisposeAsync();
    }
}
