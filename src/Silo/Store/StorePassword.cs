using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Store;

/// <summary>
/// The password of the embedded store. Problem: the store listens on loopback, so any user of the machine and any web page in a browser can connect. Garnet
/// skips the lines of an HTTP request and runs the rest as commands. With a password it refuses these commands. The first process of the region generates the
/// password, once for each data directory. A file that only its user can read (mode 0600) keeps it.
/// </summary>
internal static partial class StorePassword
{
    private const int Bytes = 32;

    /// <summary>Reads the password, or creates it if there is none.</summary>
    /// <exception cref="StartRefusedException">The file cannot be read or written, or holds no password.</exception>
    public static string ReadOrCreate(string file)
    {
        try
        {
            if (Read(file) is { } password)
            {
                return password;
            }

            var directory = Path.GetDirectoryName(file)!;
            PrivateFiles.Close(directory);

            // The whole password is written under another name first, so no process reads half of it. The rename fails if another process was faster.
            var draft = $"{file}.{Environment.ProcessId}.{Guid.NewGuid():N}";
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var writer = new StreamWriter(draft, options))
            {
                writer.WriteLine(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));
                writer.Flush();
                ((FileStream)writer.BaseStream).Flush(flushToDisk: true);
            }

            try
            {
                Name(draft, file);
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another process was faster, so its password is used.
            }
            finally
            {
                File.Delete(draft);
            }

            return Read(file)!;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(
                $"The password of the region's store cannot be read from '{file}': {e.Message} It is made at the first start and belongs to the user who runs the region; run all of the region's processes as that user.", e);
        }
    }

    /// <summary>Gives a file its final name, unless a file with that name exists.</summary>
    /// <exception cref="IOException">A file with that name exists, or the name cannot be written.</exception>
    private static void Name(string draft, string file)
    {
        if (OperatingSystem.IsWindows())
        {
            File.Move(draft, file, overwrite: false);
            return;
        }

        // On Unix, File.Move checks whether the name is taken and then renames. If another process creates the file in between, the rename replaces that file.
        // link(2) checks and names in one step.
        if (Link(draft, file) == 0)
        {
            return;
        }

        if (File.Exists(file))
        {
            throw new IOException($"'{file}' exists.");
        }

        // Some file systems have no links (SMB, FAT). On these, the processes of a region must not make their very first start at the same moment.
        File.Move(draft, file, overwrite: false);
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    private static string? Read(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var password = File.ReadAllText(file).Trim();
        return password.Length > 0
            ? password
            : throw new StartRefusedException($"'{file}' is empty: it should hold the password of the region's store. Stop the region's processes, delete the file and start them: another one is made.");
    }
}
