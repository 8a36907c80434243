using System.Runtime.InteropServices;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Decoders;

/// <summary>
/// How ONNX Runtime's attention on the CPU cuts a run: queries into blocks of rows, keys and values into blocks of columns, by the head's size and the second-level cache
/// (<c>onnxruntime/contrib_ops/cpu/bert</c>, flash attention of MLAS). A block of one row is computed by another kernel and rounds otherwise, so no piece of a prompt may end in one.
/// </summary>
internal sealed partial class AttentionBlocks
{
    // What ONNX Runtime takes where the machine does not say.
    private const int UnknownCache = 256 * 1024;

    // _SC_LEVEL2_CACHE_SIZE of glibc: where ONNX Runtime asks, too.
    private const int SecondLevelCacheSize = 191;

    // Smaller blocks than this are none of a real graph's; pieces of 2 and 3 must be possible.
    private const int Fewest = 4;

    private readonly int[] _rows;

    /// <param name="headDimension">Of keys and of values.</param>
    /// <param name="cacheBytes">Size of the second-level cache as the system tells it; 0 where it does not.</param>
    public AttentionBlocks(int headDimension, int cacheBytes)
    {
        var width = 2 * headDimension;
        Columns = Math.Max(1, (cacheBytes > 0 ? cacheBytes : UnknownCache) / (4 * sizeof(float) * width));
        _rows = [.. new[] { width, Math.Min(width, Columns) }.Where(rows => rows >= Fewest).Distinct()];
    }

    /// <value>Blocks of this machine for a decoder.</value>
    public static AttentionBlocks Of(DecoderShape shape) => new(shape.HeadDimension, CacheBytes());

    /// <value>Keys that are summed up before the next ones: on machines where sequences are longer than that, it decides the bits.</value>
    public int Columns { get; }

    /// <summary>Whether a piece of so many tokens, at least 2, has no token alone in a block.</summary>
    public bool Fits(int count)
    {
        foreach (var rows in _rows)
        {
            if (count % rows == 1)
                return false;
        }

        return count > 1;
    }

    private static int CacheBytes()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        try
        {
            return (int)SystemConfiguration(SecondLevelCacheSize);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "sysconf")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SystemConfiguration(int name);
}
