namespace Meridian.Grains.Settings;

/// <summary>A model that this region serves, and how its engines run.</summary>
public sealed class ModelOptions
{
    /// <value>Name that callers use and under which the package is installed. Letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</value>
    public string Name { get; set; } = "";

    /// <value>Number of replicas until someone requests another number. 0 to 64. Default 1.</value>
    public int Replicas { get; set; } = 1;

    /// <value>
    /// Device that a silo must have to hold a replica, for example <c>cuda:0</c>. Null allows any silo and uses its <c>cpu:0</c>. Default
    /// <c>cpu:0</c>.
    /// </value>
    public string? Device { get; set; } = "cpu:0";

    /// <value>Number of threads that one ONNX Runtime call uses. Default 1.</value>
    public int IntraOpThreads { get; set; } = 1;

    /// <value>Number of an engine's threads that run batches. Default 1.</value>
    public int Workers { get; set; } = 1;

    /// <value>Whether idle ONNX Runtime threads spin. Default false.</value>
    public bool AllowSpinning { get; set; }

    /// <value>Most items in a batch. Default 32.</value>
    public int MaxBatch { get; set; } = 32;

    /// <value>How long an idle engine waits for a batch to fill, ms. Default 0: a batch forms while the previous one runs.</value>
    public int MaxWaitMs { get; set; }

    /// <value>Number of items that may wait at one replica. Default 4096: enough for the largest request (2048 items) and others.</value>
    public int QueueCapacity { get; set; } = 4096;

    /// <value>Generation: sequences that run at once. Default 64.</value>
    public int MaxSequences { get; set; } = 64;

    /// <value>
    /// Generation: maximum size of the KV cache in bytes. Null uses the device's share, see
    /// <see cref="Inference.Engines.EngineOptions.KvCacheBytes"/>. Default null.
    /// </value>
    public long? KvCacheBytes { get; set; }

    /// <value>Generation: most prompt tokens in one step. Default 512.</value>
    public int PrefillChunk { get; set; } = 512;

    /// <value>Generation: most tokens of a stream that may wait for its reader. Beyond that, the stream's sequences pause. Default 256.</value>
    public int RingTokens { get; set; } = 256;

    /// <value>
    /// Generation: whether the KV cache of a prompt is kept for later prompts of the same tenant with the same beginning. Default true.
    /// </value>
    public bool PrefixCache { get; set; } = true;

    /// <value>
    /// Generation: whether reproducible requests get bit-identical answers, see <see cref="Inference.Engines.EngineOptions.Reproducible"/>. Default
    /// true.
    /// </value>
    public bool Reproducible { get; set; } = true;

    /// <value>
    /// Generation: longest pause of a reproducible stream while its tokens are computed again, ms, see
    /// <see cref="Inference.Engines.EngineOptions.ExactReplay"/>. Default 2000.
    /// </value>
    public int ExactReplayMs { get; set; } = 2000;

    /// <value>Version to serve. Null for the newest installed version.</value>
    public string? Version { get; set; }

    /// <value>Variant (precision) to serve. Null for the newest installed variant.</value>
    public string? Variant { get; set; }
}
