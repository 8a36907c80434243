using System.Runtime.InteropServices;

namespace Meridian.Intents.Raft;

/// <summary>
/// Makes a rename durable. On Unix this needs a flush of the folder, for which .NET has no call. On Windows the file system makes it durable.
/// </summary>
internal static class FolderFlush
{
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The folder cannot be opened or flushed.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var file = Open(folder, ReadOnly);
        if (file < 0)
            throw new IOException($"Cannot open '{folder}' to flush it (error {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (Sync(file) != 0)
                throw new IOException($"Cannot flush '{folder}' (error {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(file);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int file);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int file);
}
