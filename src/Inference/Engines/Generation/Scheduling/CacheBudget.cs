using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>How large a cache of keys and values is.</summary>
internal static class CacheBudget
{
    private const long Most = 2L << 30;
    private const int ShareOfMemory = 8;

    // Kept prefixes beside running sequences; each must be compared with every newcomer.
    private const int MostKept = 64;

    /// <summary>Slots: one a running sequence, and some for what is kept.</summary>
    public static int Slots(EngineOptions options) => options.MaxSequences + (options.PrefixCache ? Math.Min(options.MaxSequences, MostKept) : 0);

    /// <summary>Tokens that the memory holds.</summary>
    /// <exception cref="ModelPackageException">Not even two.</exception>
    public static long Tokens(ModelPackage package, DecoderShape shape, EngineOptions options)
    {
        var bytes = options.KvCacheBytes ?? Math.Min(Most, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory);
        var tokens = bytes / shape.BytesPerToken;
        return tokens >= 2
            ? tokens
            : throw new ModelPackageException(
                package.Manifest.Id, $"Model {package.Manifest.Id} keeps {shape.BytesPerToken} bytes of keys and values for a token; KvCacheBytes {bytes} does not hold two tokens. Raise it.");
    }
}
