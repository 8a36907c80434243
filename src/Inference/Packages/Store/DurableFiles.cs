using System.Runtime.InteropServices;

namespace Meridian.Inference.Packages.Store;

/// <summary>Flushes files and directory entries to the disk. A rename is only atomic for data that has reached the disk.</summary>
internal static partial class DurableFiles
{
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The disk refused the write, for example because it is full.</exception>
    public static void FlushFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Flushes a directory's entries. Does nothing on Windows, which journals them itself.</summary>
    public static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
            throw new IOException($"Directory '{path}' cannot be opened to be flushed: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            // Some network file systems cannot flush directories (EINVAL). There is nothing better to do on them, so the error is ignored.
            _ = Flush(descriptor);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
