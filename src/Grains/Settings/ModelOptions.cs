namespace Meridian.Grains.Settings;

/// <summary>A model that this region serves, and how its engines run.</summary>
public sealed class ModelOptions
{
    /// <value>Name that callers use and the package is installed under; letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Replicas while nobody asked for another number, 0 to 64. Default 1.</value>
    public int Replicas { get; set; } = 1;

    /// <value>Device that a silo must have to hold a replica, for example <c>cuda:0</c>; null for any silo, run on its <c>cpu:0</c>. Default <c>cpu:0</c>.</value>
    public string? Device { get; set; } = "cpu:0";

    /// <value>Threads one ONNX Runtime call uses. Default 1.</value>
    public int IntraOpThreads { get; set; } = 1;

    /// <value>Threads of an engine that run batches. Default 1.</value>
    public int Workers { get; set; } = 1;

    /// <value>Whether idle ONNX Runtime threads spin. Default false.</value>
    public bool AllowSpinning { get; set; }

    /// <value>Most items in a batch. Default 32.</value>
    public int MaxBatch { get; set; } = 32;

    /// <value>How long an idle engine waits for a batch to fill, ms. Default 0: batches form while the previous one runs.</value>
    public int MaxWaitMs { get; set; }

    /// <value>Items that may wait at one replica. Default 4096: room for the largest request, 2048 items, beside others.</value>
    public int QueueCapacity { get; set; } = 4096;

    /// <value>Generation: sequences that run at once. Default 64.</value>
    public int MaxSequences { get; set; } = 64;

    /// <value>Generation: most bytes of keys and values, or null for the device's share, see <see cref="Inference.Engines.EngineOptions.KvCacheBytes"/>. Default null.</value>
    public long? KvCacheBytes { get; set; }

    /// <value>Generation: most tokens of prompts in one step. Default 512.</value>
    public int PrefillChunk { get; set; } = 512;

    /// <value>Generation: tokens of a stream that wait for its reader at most; then its sequences pause. Default 256.</value>
    public int RingTokens { get; set; } = 256;

    /// <value>Generation: whether keys and values are kept for others of the same tenant that begin alike. Default true.</value>
    public bool PrefixCache { get; set; } = true;

    /// <value>Generation: whether reproducible requests get the same bits, see <see cref="Inference.Engines.EngineOptions.Reproducible"/>. Default true.</value>
    public bool Reproducible { get; set; } = true;

    /// <value>Generation: longest time that a reproducible stream stands still while it is computed again, ms, see <see cref="Inference.Engines.EngineOptions.ExactReplay"/>. Default 2000.</value>
    public int ExactReplayMs { get; set; } = 2000;

    /// <value>Version to serve, or null for the newest installed.</value>
    public string? Version { get; set; }

    /// <value>Variant (precision) to serve, or null for the newest installed.</value>
    public string? Variant { get; set; }
}
