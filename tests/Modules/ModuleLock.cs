using System.Reflection;

[assembly: AssemblyFixture(typeof(Meridian.TestModules.ModuleLock))]

namespace Meridian.TestModules;

/// <summary>
/// Keeps the test modules of a machine out of each other's way. <c>dotnet test</c> runs as many modules at a time as there are processors, and a small machine cannot bear all of them at once.
/// Modules of one <see cref="MachineUse"/> run side by side, unless they run alone; modules of different uses exclude each other. There is a file for each use that can be shared. A module shares
/// its own file while it runs, and nobody may share the other then. The kernel releases the locks with the process, however that ends.
/// </summary>
public sealed class ModuleLock : IAsyncLifetime
{
    /// <summary>Names another file than the one of the machine, for runs that shall not wait for each other.</summary>
    private const string Variable = "MERIDIAN_TEST_LOCK";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than any suite takes: whoever waits so long waits for a process that hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);

    private static ModuleLease? _held;

    private static MachineUse Use => typeof(ModuleLock).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(data => data.Key == nameof(MachineUse)) is { } use
        ? Enum.Parse<MachineUse>(use.Value!)
        : MachineUse.Computes;

    private static string MachineFile => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Path.Combine(Path.GetTempPath(), "meridian-tests.lock");

    public async ValueTask InitializeAsync() => await ChangeAsync(null);

    public ValueTask DisposeAsync() => _held?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Gives back what this module holds, then waits for another use of the machine. No other test of the module may run meanwhile.</summary>
    /// <param name="use">The other use; null for the one of the project file.</param>
    internal static async Task ChangeAsync(MachineUse? use)
    {
        if (_held is not null)
            await _held.DisposeAsync();
        _held = await HoldAsync(MachineFile, use ?? Use);
    }

    /// <summary>Waits until nothing runs that must not run beside the module.</summary>
    /// <param name="file">Name of the lock; its files begin with it.</param>
    /// <param name="use">What the module does to the machine.</param>
    /// <exception cref="TimeoutException">Another module kept the lock for longer than an hour.</exception>
    internal static async Task<ModuleLease> HoldAsync(string file, MachineUse use)
    {
        using var limit = new CancellationTokenSource(Patience);
        var held = new List<FileStream>();
        try
        {
            // A module keeps the turn while it waits, so that those that come after it cannot follow one another for ever. Only the one that has the turn takes a file.
            await using var turn = await TakeAsync(file + ".turn", alone: true, limit.Token);
            foreach (var shared in new[] { MachineUse.Computes, MachineUse.Waits })
            {
                // The file of the other use is taken to see that no module runs that shares it. None can begin before this one gives the turn back.
                var taken = await TakeAsync($"{file}.{shared}", alone: shared != use, limit.Token);
                if (use == MachineUse.Alone || shared == use)
                    held.Add(taken);
                else
                    await taken.DisposeAsync();
            }

            return new ModuleLease(held);
        }
        catch (OperationCanceledException)
        {
            await new ModuleLease(held).DisposeAsync();
            throw new TimeoutException($"Another test module has held {file} for {Patience.TotalMinutes:0} minutes. Find its process with `fuser {file}*`, or set {Variable} to another file.");
        }
    }

    /// <summary>Takes a lock if it is free: shared by many, or alone.</summary>
    internal static FileStream? TryTake(string file, bool alone)
    {
        try
        {
            // .NET locks what it opens with flock(2): without sharing exclusively, and shared where readers are let in.
            return new FileStream(file, FileMode.Open, FileAccess.Read, alone ? FileShare.None : FileShare.Read, bufferSize: 0);
        }
        catch (FileNotFoundException)
        {
            Create(file);
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task<FileStream> TakeAsync(string file, bool alone, CancellationToken limit)
    {
        while (true)
        {
            if (TryTake(file, alone) is { } taken) return taken;
            await Task.Delay(Pause, limit);
        }
    }

    private static void Create(string file)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                // Other users of the machine take the same lock; opening it for reading is enough.
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            }

            using var created = new FileStream(file, options);
        }
        catch (IOException)
        {
            // Another module has just created it.
        }
    }
}
