using System.Diagnostics;
using System.Globalization;

namespace Meridian.Silo.Tests.Store;

/// <summary>A file system of a few megabytes that can be filled.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _filler;

    private SmallDisk(string directory) => (Directory, _filler) = (directory, Path.Combine(directory, "filler"));

    public string Directory { get; }

    /// <summary>Mounts it, or skips the test where that is not allowed.</summary>
    public static SmallDisk Mount(int megabytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A file system that can be filled needs Linux.");
        var directory = System.IO.Directory.CreateTempSubdirectory("meridian-disk-").FullName;
        var failure = Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m"), "meridian-test", directory);
        Assert.SkipUnless(failure is null, $"A file system that can be filled needs the right to mount one (root): {failure}");
        return new SmallDisk(directory);
    }

    /// <summary>Writes until not one byte more goes in.</summary>
    public void Fill()
    {
        using var file = new FileStream(_filler, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (var piece = 1 << 20; piece > 0;)
        {
            try
            {
                file.Write(new byte[piece]);
            }
            catch (IOException)
            {
                piece /= 2;
            }
        }
    }

    public void Free() => File.Delete(_filler);

    public void Dispose()
    {
        Run("umount", "-l", Directory);
        System.IO.Directory.Delete(Directory);
    }

    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : said.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
