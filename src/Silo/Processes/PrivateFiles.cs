using System.Runtime.InteropServices;

namespace Meridian.Silo.Processes;

/// <summary>
/// Keeps what a region stores to the user that runs it: directories 0700, files 0600. The process's file mask covers everything that is made from now on, also by libraries.
/// Windows has no such mask: there a directory's inherited permissions decide.
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
    /// Makes a directory, or closes one that an earlier release left open to other users. Files inside need no second look: nobody else gets to them any more.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be made, or belongs to another user.</exception>
    public static void Close(string directory)
    {
        Directory.CreateDirectory(directory);
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(directory) != Private)
        {
            File.SetUnixFileMode(directory, Private);
        }
    }

    /// <summary>Closes the directory of a region or witness before anything is kept there.</summary>
    /// <exception cref="StartRefusedException">It cannot be made, or belongs to another user.</exception>
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
