using System.Runtime.InteropServices;

namespace Meridian.Inference.Tokenization;

/// <summary>The heap of native libraries.</summary>
internal static partial class NativeHeap
{
    /// <summary>
    /// Returns free memory to the system. The allocator of glibc keeps the memory that a thread has freed. After a text of several megabytes that is about a
    /// hundred times the size of the text.
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
            // The C library is not glibc. musl returns free memory by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint keep);
}
