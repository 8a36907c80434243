using Meridian.TestModules;

namespace Meridian.Simulation.Tests;

/// <summary>The lock by which test modules leave each other alone (tests/Modules).</summary>
public sealed class ModuleLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("meridian-lock-").FullName;

    private string File => Path.Combine(_folder, "lock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(MachineUse.Computes, MachineUse.Computes, true)]
    [InlineData(MachineUse.Waits, MachineUse.Waits, true)]
    [InlineData(MachineUse.Computes, MachineUse.Waits, false)]
    [InlineData(MachineUse.Waits, MachineUse.Computes, false)]
    [InlineData(MachineUse.Alone, MachineUse.Computes, false)]
    [InlineData(MachineUse.Alone, MachineUse.Waits, false)]
    [InlineData(MachineUse.Computes, MachineUse.Alone, false)]
    [InlineData(MachineUse.Waits, MachineUse.Alone, false)]
    [InlineData(MachineUse.Alone, MachineUse.Alone, false)]
    public async Task Modules_of_one_use_run_side_by_side_and_others_wait_for_all_of_them(MachineUse running, MachineUse next, bool together)
    {
        var first = await ModuleLock.HoldAsync(File, running);
        var second = running == MachineUse.Alone ? null : await ModuleLock.HoldAsync(File, running);

        var third = ModuleLock.HoldAsync(File, next);

        // All files are there by now: a lock that is free is taken without waiting.
        Assert.Equal(together, third.IsCompletedSuccessfully);
        await first.DisposeAsync();
        if (second is not null)
        {
            Assert.Equal(together, third.IsCompletedSuccessfully);
            await second.DisposeAsync();
        }

        await (await third).DisposeAsync();
    }

    [Fact]
    public async Task A_module_that_waits_for_its_turn_goes_before_those_that_come_after_it()
    {
        var running = await ModuleLock.HoldAsync(File, MachineUse.Computes);
        var alone = ModuleLock.HoldAsync(File, MachineUse.Alone);
        var later = ModuleLock.HoldAsync(File, MachineUse.Computes);
        await running.DisposeAsync();

        // The later one could have shared the lock at once; it gets it only when the one that runs alone has given it back.
        await using (await alone)
        {
            Assert.False(later.IsCompleted);
        }

        await (await later).DisposeAsync();
    }
}
