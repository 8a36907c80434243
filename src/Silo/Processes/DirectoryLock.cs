using System.Globalization;

namespace Meridian.Silo.Processes;

/// <summary>Holds a directory for one process. The kernel lets go of it when the process ends, however it ends.</summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <param name="directory">Created where it is missing.</param>
    /// <param name="name">File name of the lock inside the directory.</param>
    /// <param name="purpose">What holds the directory, in words, for the message.</param>
    /// <exception cref="StartRefusedException">Another process holds it, or it cannot be written to.</exception>
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

    // Beside the lock, since the locked file itself cannot be read.
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
