using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Meridian.Inference.Decoders.Caches;

/// <summary>
/// Address space that takes memory only where it is written. It is zero at first. On systems other than Linux it is ordinary memory, and the system may count
/// all of it from the start.
/// </summary>
internal sealed unsafe partial class LazyMemory : IDisposable
{
    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymousUnreserved = 0x02 | 0x20 | 0x4000;
    private const int DontNeed = 4;
    private static readonly nuint Page = (nuint)Environment.SystemPageSize;
    private byte* _start;
    private readonly nuint _length;

    /// <exception cref="InsufficientMemoryException">The system refuses to reserve that much address space.</exception>
    public LazyMemory(long bytes)
    {
        _length = ((nuint)Math.Max(bytes, 1) + Page - 1) / Page * Page;
        if (OperatingSystem.IsLinux())
        {
            var start = Map(0, _length, ReadWrite, PrivateAnonymousUnreserved, -1, 0);
            if (start == -1)
                throw new InsufficientMemoryException($"{_length} bytes of address space for keys and values were refused: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}. Use fewer slots or a shorter context.");
            _start = (byte*)start;
        }
        else
        {
            _start = (byte*)NativeMemory.AlignedAlloc(_length, Page);
            NativeMemory.Clear(_start, _length);
        }
    }

    public byte* Start => _start;

    /// <summary>
    /// The distance in bytes from one tensor to the next. It is a multiple of the page size, and chosen so that the same positions of all tensors do not share
    /// the same sets of a cache.
    /// </summary>
    public static long Stride(long bytes)
    {
        // The length of a tensor is usually a power of two. 316 pages are the golden section of 2 MiB, which spreads any number of tensors evenly over a
        // second-level cache.
        const int Spread = 316;
        var page = Environment.SystemPageSize;
        return (((bytes + page - 1) / page) + Spread) * page;
    }

    /// <summary>Returns the whole pages within a range to the system. Their content is lost.</summary>
    public void Discard(long offset, long bytes)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var first = ((nuint)offset + Page - 1) / Page * Page;
        var end = Math.Min((nuint)(offset + bytes), _length) / Page * Page;
        if (first < end)
            _ = Advise((nint)(_start + first), end - first, DontNeed);
    }

    public void Dispose()
    {
        if (_start is null)
            return;
        if (OperatingSystem.IsLinux())
            _ = Unmap((nint)_start, _length);
        else
            NativeMemory.AlignedFree(_start);
        _start = null;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint address, nuint length, int advice);
}
