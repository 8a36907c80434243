using System.Text.Json;

namespace Meridian.Silo.Processes;

/// <summary>
/// <c>DATA/dev.json</c>. Replaced by rename, so a reader sees the old file or the new one and never a part; not flushed to the disk, since after a crash of
/// the machine none of the processes it names exists.
/// </summary>
public sealed class DevStateFile(string directory)
{
    /// <summary>Name of the lock that a supervisor holds while it lives, beside the file.</summary>
    public const string LockName = "dev.lock";

    // The kernel closes a killed process's files one after another: its children may hear of its end before its lock is free.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <value>Full path of the file.</value>
    public string Path { get; } = System.IO.Path.Combine(directory, "dev.json");

    public void Write(DevState state)
    {
        var next = $"{Path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(state, Json));
        File.Move(next, Path, overwrite: true);
    }

    /// <summary>
    /// Removes the file of a supervisor that is gone, so that nobody reads (and kills) process ids that other programs have by now. Called by a child that was told to stop: a supervisor
    /// that lives holds its lock, and a new one that has taken it writes the file anew.
    /// </summary>
    /// <param name="directory">The directory of everything that is kept.</param>
    public static void DeleteOrphaned(string directory)
    {
        var lockFile = System.IO.Path.Combine(directory, LockName);
        if (File.Exists(lockFile)) SpinWait.SpinUntil(() => TryDelete(lockFile, directory), Patience);
    }

    private static bool TryDelete(string lockFile, string directory)
    {
        try
        {
            using var held = new FileStream(lockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            new DevStateFile(directory).Delete();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Removes the file: nothing that it names runs any more.</summary>
    public void Delete() => File.Delete(Path);
}
