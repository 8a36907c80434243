using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Computes the size of a KV cache.</summary>
internal static class CacheBudget
{
    private const long Most = 2L << 30;
    private const int ShareOfMemory = 8;

    // Most slots for kept prefixes. Each new sequence must be compared with every kept prefix.
    private const int MostKept = 64;

    /// <summary>Number of slots: one for each running sequence, and some for kept prefixes.</summary>
    public static int Slots(EngineOptions options) => options.MaxSequences + (options.PrefixCache ? Math.Min(options.MaxSequences, MostKept) : 0);

    /// <summary>Number of tokens that the memory holds.</summary>
    /// <exception cref="ModelPackageException">The memory holds fewer than two tokens.</exception>
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
