namespace Meridian.Inference.Engines;

/// <summary>How an engine runs a model.</summary>
public sealed record EngineOptions
{
    /// <value><c>cpu:0</c> or <c>cuda:N</c>. Default <c>cpu:0</c>.</value>
    public string Device { get; init; } = "cpu:0";

    /// <value>Threads one ONNX Runtime call uses. Default 1: several regions share a development machine.</value>
    public int IntraOpThreads { get; init; } = 1;

    /// <value>Threads that run batches. Default 1.</value>
    public int Workers { get; init; } = 1;

    /// <value>Whether idle ONNX Runtime threads spin. Default false: it buys 8 % and burns the cores others need.</value>
    public bool AllowSpinning { get; init; }

    /// <value>Embeddings: most items in a batch. Default 32.</value>
    public int MaxBatch { get; init; } = 32;

    /// <value>
    /// Most tokens in a batch, padding included (a single item may exceed it), or null for the device's best: 256 on a CPU, which gains nothing from more
    /// while its caches lose, 16,384 on a GPU.
    /// </value>
    public int? MaxBatchTokens { get; init; }

    /// <value>How long an idle engine waits for a batch to fill. Default zero: batches form while the previous one runs.</value>
    public TimeSpan MaxWait { get; init; }

    /// <value>Items that may wait. Default 4096: room for the largest request, 2048 items, beside others.</value>
    public int QueueCapacity { get; init; } = 4096;

    /// <value>Generation: sequences that run at once. Default 64.</value>
    public int MaxSequences { get; init; } = 64;

    /// <value>
    /// Generation: most bytes of keys and values, running and kept, or null for an eighth of the memory that this process may use, at most 2 GiB; generation runs on
    /// the CPU. It counts tokens; graphs that give keys and values back longer take twice as much while they run, and padding. It bounds the longest sequence, too.
    /// </value>
    public long? KvCacheBytes { get; init; }

    /// <value>
    /// Generation: most tokens of prompts in one step. Default 512. Beside running streams, and on a slow device, a step takes fewer, as measured, so that the
    /// streams are not held up.
    /// </value>
    public int PrefillChunk { get; init; } = 512;

    /// <value>Generation: tokens of a stream that wait for its reader at most; then its sequences pause. Default 256.</value>
    public int RingTokens { get; init; } = 256;

    /// <value>Generation: whether keys and values of ended sequences are kept for others of the same tenant that begin alike. Default true.</value>
    public bool PrefixCache { get; init; } = true;

    /// <value>
    /// Generation: whether a special token that a caller writes in a message becomes a special token. Default false: then it is text, and no message can end its turn
    /// and begin another one's.
    /// </value>
    public bool SpecialTokensInMessages { get; init; }

    /// <value>
    /// Generation: whether a reproducible request (a seed of the caller's, temperature 0, or a resumable stream) gives the same tokens and log probabilities to the last bit,
    /// whatever runs beside it and wherever it goes on. Default true. False takes the fastest way for all requests, and answers to reproducible ones say that they are not exact.
    /// </value>
    public bool Reproducible { get; init; } = true;

    /// <value>
    /// Generation: longest time that a reproducible stream stands still while it is computed again, when it goes on elsewhere or gets its place back. Default 2 s. Four fifths
    /// of it are for generated tokens, one by one, as measured. One that would take longer goes on at once, and its answer says that it is not exact.
    /// </value>
    public TimeSpan ExactReplay { get; init; } = TimeSpan.FromSeconds(2);
}
