using System.Text.Json;

namespace Meridian.Silo.Processes;

/// <summary>
/// The file <c>DATA/dev.json</c>. It is replaced by rename, so a reader sees the whole old file or the whole new one. It is not flushed to the disk: after a
/// crash of the machine, none of the processes in it exists.
/// </summary>
public sealed class DevStateFile(string directory)
{
    /// <summary>Name of the lock file beside it. A supervisor holds the lock while it lives.</summary>
    public const string LockName = "dev.lock";

    // The kernel closes a killed process's files one after another. So a child may learn of its supervisor's end before the supervisor's lock is free.
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
    /// Removes the file of a supervisor that has ended. Otherwise somebody could read (and kill) process ids that now belong to other programs. A child that
    /// was told to stop calls it. A living supervisor holds its lock, so its file stays; a new supervisor that has taken the lock writes the file anew.
    /// </summary>
    /// <param name="directory">The data directory.</param>
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

    /// <summary>Removes the file, because none of its processes runs any more.</summary>
    public void Delete() => File.Delete(Path);
}
