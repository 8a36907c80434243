using Meridian.Inference.Decoders;
using Meridian.Inference.Packages;
using Meridian.Inference.Sessions;

namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>How large a cache of keys and values is.</summary>
internal static class CacheBudget
{
    private const long MostOnCpu = 2L << 30;
    private const long OnGpu = 8L << 30;
    private const int ShareOfMemory = 8;

    // Kept prefixes beside running sequences; each must be compared with every newcomer.
    private const int MostKept = 64;

    /// <summary>Slots: one a running sequence, and some for what is kept.</summary>
    public static int Slots(EngineOptions options) => options.MaxSequences + (options.PrefixCache ? Math.Min(options.MaxSequences, MostKept) : 0);

    /// <summary>Tokens that the memory holds.</summary>
    /// <exception cref="ModelPackageException">Not even two.</exception>
    public static long Tokens(ModelPackage package, DecoderShape shape, EngineOptions options)
    {
        _ = DeviceName.TryParse(options.Device, out var device);
        var bytes = options.KvCacheBytes ?? (device.IsCuda ? OnGpu : Math.Min(MostOnCpu, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory));
        var tokens = bytes / shape.BytesPerToken;
        return tokens >= 2
            ? tokens
            : throw new ModelPackageException(
                package.Manifest.Id, $"Model {package.Manifest.Id} keeps {shape.BytesPerToken} bytes of keys and values for a token; KvCacheBytes {bytes} does not hold two tokens. Raise it.");
    }
}
