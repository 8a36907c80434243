using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Store;

/// <summary>
/// The embedded store's password. It listens on loopback, where any user of the machine and any page in a browser can connect: Garnet passes over the lines of HTTP and runs what follows as commands.
/// With a password those commands are refused. The password is drawn once for each data directory, by the process of the region that comes first, and kept in a file for its user alone (mode 0600).
/// </summary>
internal static partial class StorePassword
{
    private const int Bytes = 32;

    /// <summary>The password, made if there is none.</summary>
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

            // The whole password is written under another name first, so that no process ever reads half of it. To give it its real name fails where another process was faster.
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
                // Another process was faster: its password counts.
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

    /// <summary>Gives a file a name that no other file has.</summary>
    /// <exception cref="IOException">Another file has it, or the name cannot be written.</exception>
    private static void Name(string draft, string file)
    {
        if (OperatingSystem.IsWindows())
        {
            File.Move(draft, file, overwrite: false);
            return;
        }

        // On Unix, File.Move looks whether the name is taken and then renames, which replaces the file of a process that came in between. link(2) does both in one step.
        if (Link(draft, file) == 0)
        {
            return;
        }

        if (File.Exists(file))
        {
            throw new IOException($"'{file}' exists.");
        }

        // Some file systems have no links (SMB, FAT). There the processes of a region that starts for the first time must not start in the same moment.
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
