namespace Meridian.Inference.Engines;

/// <summary>Settings of an engine.</summary>
public sealed record EngineOptions
{
    /// <value><c>cpu:0</c> or <c>cuda:N</c>. Default <c>cpu:0</c>.</value>
    public string Device { get; init; } = "cpu:0";

    /// <value>Threads of one ONNX Runtime call. Default 1, because several regions share a development machine.</value>
    public int IntraOpThreads { get; init; } = 1;

    /// <value>Threads that run batches. Default 1.</value>
    public int Workers { get; init; } = 1;

    /// <value>Whether idle ONNX Runtime threads spin. Default false: spinning gains 8 % speed and takes the cores from others.</value>
    public bool AllowSpinning { get; init; }

    /// <value>Embeddings: most items in a batch. Default 32.</value>
    public int MaxBatch { get; init; } = 32;

    /// <value>
    /// Most tokens in a batch, including padding; a single item may exceed it. Null: the best value for the device. That is 256 on a CPU, where larger batches
    /// gain nothing and use its caches worse, and 16,384 on a GPU.
    /// </value>
    public int? MaxBatchTokens { get; init; }

    /// <value>How long an idle engine waits for a batch to fill. Default zero: the next batch fills while the previous one runs.</value>
    public TimeSpan MaxWait { get; init; }

    /// <value>Number of items that may wait. Default 4096: room for the largest request (2048 items) beside others.</value>
    public int QueueCapacity { get; init; } = 4096;

    /// <value>Generation: number of sequences that run at once. Default 64.</value>
    public int MaxSequences { get; init; } = 64;

    /// <value>
    /// Generation: most bytes of keys and values, for running sequences and kept prefixes together. Null: an eighth of the memory that this process may use, at
    /// most 2 GiB; generation runs on the CPU. The limit counts tokens. Graphs that return lengthened keys and values need twice as much while they run, plus
    /// padding. The limit also bounds the longest sequence.
    /// </value>
    public long? KvCacheBytes { get; init; }

    /// <value>
    /// Generation: most prompt tokens in one step. Default 512. Beside running streams, and on a slow device, a step takes fewer, according to measured times,
    /// so that the streams are not delayed.
    /// </value>
    public int PrefillChunk { get; init; } = 512;

    /// <value>Generation: most tokens of a stream that wait for its reader. When they are reached, its sequences pause. Default 256.</value>
    public int RingTokens { get; init; } = 256;

    /// <value>
    /// Generation: whether the keys and values of ended sequences are kept for later sequences of the same tenant that begin with the same tokens. Default
    /// true.
    /// </value>
    public bool PrefixCache { get; init; } = true;

    /// <value>
    /// Generation: whether a special token that a caller writes in a message becomes a special token. Default false: it stays plain text, so a message cannot
    /// end its own turn and begin another one.
    /// </value>
    public bool SpecialTokensInMessages { get; init; }

    /// <value>
    /// Generation: whether a reproducible request (the caller gives a seed, temperature 0, or a resumable stream) gives the same tokens and log probabilities
    /// to the last bit, whatever runs beside it and wherever it continues. Default true. False uses the fastest way for all requests, and answers to
    /// reproducible requests say that they are not exact.
    /// </value>
    public bool Reproducible { get; init; } = true;

    /// <value>
    /// Generation: longest time that a reproducible stream may stand still while its tokens are computed again, after it moves to another replica or gets its
    /// slot back. Default 2 s. Four fifths of it are for generated tokens, which are computed one by one; the time is measured. A stream that would need longer
    /// continues at once, and its answer says that it is not exact.
    /// </value>
    public TimeSpan ExactReplay { get; init; } = TimeSpan.FromSeconds(2);
}
