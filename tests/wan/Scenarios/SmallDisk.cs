using System.Diagnostics;
using System.Globalization;

namespace Meridian.Wan.Scenarios;

/// <summary>A disk of a few megabytes that can be filled: a tmpfs. One that a killed lab left behind is unmounted by the next.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Filler = "filler";

    private readonly string _directory;

    /// <param name="directory">Where it appears; made if it is not there.</param>
    /// <param name="megabytes">Its size, MiB.</param>
    public SmallDisk(string directory, int megabytes)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=0700"), "meridian-wan", _directory);
    }

    /// <summary>Writes until nothing more goes in.</summary>
    /// <returns>Bytes that went in.</returns>
    public long Fill()
    {
        // Smaller and smaller pieces, so that not one page is left.
        using var file = new FileStream(Path.Combine(_directory, Filler), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var written = 0L;
        for (var piece = 1 << 20; piece > 0;)
        {
            try
            {
                file.Write(new byte[piece]);
                written += piece;
            }
            catch (IOException)
            {
                piece /= 2;
            }
        }

        return written;
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(Path.Combine(_directory, Filler));

    public void Dispose() => Run("umount", "-l", _directory);

    /// <summary>Removes what labs that are no more have left.</summary>
    public static void RemoveLeftOvers()
    {
        foreach (var line in File.ReadLines("/proc/mounts").Where(line => line.StartsWith("meridian-wan ", StringComparison.Ordinal)).ToArray())
        {
            var directory = line.Split(' ')[1];
            if (!LabFolder.IsOfRunningLab(directory))
            {
                Run("umount", "-l", directory);
            }
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{program} {string.Join(' ', arguments)}: {said.Trim()}");
        }
    }
}
