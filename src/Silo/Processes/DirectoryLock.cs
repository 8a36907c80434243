using System.Globalization;

namespace Meridian.Silo.Processes;

/// <summary>Reserves a directory for one process. The kernel releases the lock when the process ends, even if it is killed.</summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="directory">The directory; created if it is missing.</param>
    /// <param name="name">File name of the lock inside the directory.</param>
    /// <param name="purpose">The kind of process that holds the directory, in words, for the error message.</param>
    /// <exception cref="StartRefusedException">Another process holds the directory, or the directory is not writable.</exception>
    public static DirectoryLock Take(string directory, string name, string purpose)
    {
        var path = Path.Combine(directory, name);
        try
        {
            Directory.CreateDirectory(directory);

            FileStream file;
            try
            {
                file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException e) when (File.Exists(path))
            {
                throw new StartRefusedException($"{purpose} already runs on '{directory}'{Holder(path)}. Stop it, or give this one another directory with --data DIR.", e);
            }

            File.WriteAllText(HolderFile(path), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DirectoryLock(file);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new StartRefusedException($"'{directory}' cannot be written to: {e.Message}", e);
        }
    }

    public void Dispose() => _file.Dispose();

    // The pid lies in a file beside the lock, because the locked file itself cannot be read.
    private static string HolderFile(string path) => path + ".pid";

    private static string Holder(string path)
    {
        try
        {
            return File.ReadAllText(HolderFile(path)) is { Length: > 0 and < 12 } pid ? $" (process {pid})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
