using System.Runtime.InteropServices;

namespace Meridian.Silo.Processes;

/// <summary>
/// Keeps a region's files private to the user that runs it: directories 0700, files 0600. The file mask of the process covers every new file, also files made
/// by libraries. Windows has no such mask; there the inherited permissions of the directory decide.
/// </summary>
internal static class PrivateFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Sets the mask of the whole process.</summary>
    public static void Enforce()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetMask(0b000_111_111);
        }
    }

    /// <summary>
    /// Creates a private directory, or makes an existing one private if an earlier release left it open to other users. The files inside need no change: other
    /// users can no longer reach them.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be created, or it belongs to another user.</exception>
    public static void Close(string directory)
    {
        Directory.CreateDirectory(directory);
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(directory) != Private)
        {
            File.SetUnixFileMode(directory, Private);
        }
    }

    /// <summary>Makes the directory of a region or witness private before anything is stored there.</summary>
    /// <exception cref="StartRefusedException">The directory cannot be created, or it belongs to another user.</exception>
    public static void CloseFor(string directory)
    {
        try
        {
            Close(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"'{directory}' cannot be kept to this user: {e.Message} Run the process as the user that the directory belongs to, or give it another one with --data DIR.", e);
        }
    }

    [DllImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint SetMask(uint mask);
}
