using System.Runtime.InteropServices;
using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Decoders;

/// <summary>
/// The block sizes of ONNX Runtime's attention on the CPU. It cuts the queries of a run into blocks of rows, and the keys and values into blocks of columns.
/// The sizes depend on the head's dimension and on the second-level cache (<c>onnxruntime/contrib_ops/cpu/bert</c>, flash attention of MLAS). Another kernel
/// computes a block of one row, and it rounds differently. So no piece of a prompt may end in a block of one row.
/// </summary>
internal sealed partial class AttentionBlocks
{
    // The size that ONNX Runtime assumes if the machine does not report one.
    private const int UnknownCache = 256 * 1024;

    // _SC_LEVEL2_CACHE_SIZE of glibc. ONNX Runtime asks for the same value.
    private const int SecondLevelCacheSize = 191;

    // No real graph has smaller blocks than this, and pieces of 2 and 3 tokens must be possible.
    private const int Fewest = 4;

    private readonly int[] _rows;

    /// <param name="headDimension">Dimension of keys and of values.</param>
    /// <param name="cacheBytes">Size of the second-level cache that the system reports; 0 if it reports none.</param>
    public AttentionBlocks(int headDimension, int cacheBytes)
    {
        var width = 2 * headDimension;
        Columns = Math.Max(1, (cacheBytes > 0 ? cacheBytes : UnknownCache) / (4 * sizeof(float) * width));
        _rows = [.. new[] { width, Math.Min(width, Columns) }.Where(rows => rows >= Fewest).Distinct()];
    }

    /// <value>The blocks of this machine for a decoder.</value>
    public static AttentionBlocks Of(DecoderShape shape) => new(shape.HeadDimension, CacheBytes());

    /// <value>
    /// Keys in a block of columns. Attention sums up one block before the next, so for sequences longer than this the block size affects the bits of the
    /// result.
    /// </value>
    public int Columns { get; }

    /// <summary>Whether a piece of <paramref name="count"/> tokens has at least 2 tokens and leaves no block with a single token.</summary>
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
