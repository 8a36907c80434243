using System.Runtime.InteropServices;

namespace Meridian.Inference.Tokenization;

/// <summary>The heap of native libraries.</summary>
internal static partial class NativeHeap
{
    /// <summary>
    /// Gives memory that is free back to the system. The allocator of glibc keeps what a thread has freed; after a text of some megabytes that is a hundred times
    /// the text.
    /// </summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc; musl gives memory back by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint keep);
}
