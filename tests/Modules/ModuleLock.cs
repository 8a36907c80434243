using System.Reflection;

[assembly: AssemblyFixture(typeof(Meridian.TestModules.ModuleLock))]

namespace Meridian.TestModules;

/// <summary>
/// Keeps the test modules of a machine out of each other's way. <c>dotnet test</c> runs as many modules at a time as there are processors. Modules that start processes or
/// elect leaders by the clock cannot share a small machine: they hold the lock alone. All other modules share it. A module says which it is with <c>RunsAlone</c> in its
/// project file. The kernel releases the lock with the process, however that ends.
/// </summary>
public sealed class ModuleLock : IAsyncLifetime
{
    /// <summary>Names another file than the one of the machine, for runs that shall not wait for each other.</summary>
    private const string Variable = "MERIDIAN_TEST_LOCK";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than any suite takes: whoever waits so long waits for a process that hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(60);

    private FileStream? _held;

    private static bool RunsAlone => typeof(ModuleLock).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(data => data is { Key: "RunsAlone", Value: "true" });

    private static string MachineFile => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Path.Combine(Path.GetTempPath(), "meridian-tests.lock");

    public async ValueTask InitializeAsync() => _held = await HoldAsync(MachineFile, RunsAlone);

    public ValueTask DisposeAsync() => _held?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Waits for the lock and takes it.</summary>
    /// <exception cref="TimeoutException">Another module kept it for longer than an hour.</exception>
    internal static async Task<FileStream> HoldAsync(string file, bool alone)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            // A module that wants the machine alone keeps the turn while it waits. Without it, modules that share the lock could follow one another for ever.
            await using var turn = await TakeAsync(file + ".turn", alone, limit.Token);
            return await TakeAsync(file, alone, limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Another test module has held {file} for {Patience.TotalMinutes:0} minutes. Find its process with `fuser {file}`, or set {Variable} to another file.");
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
