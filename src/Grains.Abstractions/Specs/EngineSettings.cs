using MessagePack;
using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;

namespace Meridian.Specs;

/// <summary>
/// How the engines of a model run. This one class is a part of the model's record in the intent log, of the entry in a settings file and of what the engine reads. A new
/// setting is one property here: a key after the last one, a default, and a <see cref="RangeAttribute"/> if it is a number. Older records lack the key and get the default.
/// </summary>
[MessagePackObject]
public record EngineSettings
{
    /// <value>
    /// Device of a replica, <c>cpu:0</c> or <c>cuda:N</c>; a silo without it holds none. Null in the log: what the settings of each region say. Null there too: any silo, on
    /// its <c>cpu:0</c>. Default <c>cpu:0</c>.
    /// </value>
    [Key(0)] public string? Device { get; set; } = "cpu:0";

    /// <value>Threads of one ONNX Runtime call, 1 to 256. Default 1, because several regions share a development machine.</value>
    [Key(1), Range(1, 256)] public int IntraOpThreads { get; set; } = 1;

    /// <value>Threads that run batches, 1 to 64. Default 1.</value>
    [Key(2), Range(1, 64)] public int Workers { get; set; } = 1;

    /// <value>Whether idle ONNX Runtime threads spin. Default false: spinning gains 8 % speed and takes the cores from others.</value>
    [Key(3)] public bool AllowSpinning { get; set; }

    /// <value>Embeddings: most items in a batch, 1 to 4096. Default 32.</value>
    [Key(4), Range(1, 4096)] public int MaxBatch { get; set; } = 32;

    /// <value>How long an idle engine waits for a batch to fill, ms, 0 to 1000. Default 0: the next batch fills while the previous one runs.</value>
    [Key(5), Range(0, 1000)] public int MaxWaitMs { get; set; }

    /// <value>Number of items that may wait, 1 to 1000000. Default 4096: room for the largest request (2048 items) beside others.</value>
    [Key(6), Range(1, 1_000_000)] public int QueueCapacity { get; set; } = 4096;

    /// <value>Generation: number of sequences that run at once, 1 to 4096. Default 64.</value>
    [Key(7), Range(1, 4096)] public int MaxSequences { get; set; } = 64;

    /// <value>
    /// Generation: most bytes of keys and values, for running sequences and kept prefixes together. Null: an eighth of the memory that the process may use, at most 2 GiB.
    /// The limit also bounds the longest sequence.
    /// </value>
    [Key(8), Range(1, 1L << 40)] public long? KvCacheBytes { get; set; }

    /// <value>Generation: most prompt tokens in one step, 1 to 1048576. Default 512.</value>
    [Key(9), Range(1, 1 << 20)] public int PrefillChunk { get; set; } = 512;

    /// <value>Generation: most tokens of a stream that wait for its reader, 1 to 1048576. When they are reached, its sequences pause. Default 256.</value>
    [Key(10), Range(1, 1 << 20)] public int RingTokens { get; set; } = 256;

    /// <value>
    /// Generation: whether the keys and values of ended sequences are kept for later sequences of the same tenant that begin with the same tokens. Default true.
    /// </value>
    [Key(11)] public bool PrefixCache { get; set; } = true;

    /// <value>
    /// Generation: whether a special token that a caller writes in a message becomes a special token. Default false: it stays plain text, so a message cannot end its own
    /// turn and begin another one.
    /// </value>
    [Key(12)] public bool SpecialTokensInMessages { get; set; }

    /// <value>
    /// Generation: whether a reproducible request (the caller gives a seed, temperature 0, or a resumable stream) gives the same tokens and log probabilities to the last
    /// bit, whatever runs beside it and wherever it continues. Default true. False uses the fastest way for all requests, and answers to reproducible requests say that
    /// they are not exact.
    /// </value>
    [Key(13)] public bool Reproducible { get; set; } = true;

    /// <value>
    /// Generation: longest time that a reproducible stream may stand still while its tokens are computed again, after it moves to another replica or gets its slot back,
    /// ms, 0 to 3600000. Default 2000. A stream that would need longer continues at once, and its answer says that it is not exact.
    /// </value>
    [Key(14), Range(0, 3_600_000)] public int ExactReplayMs { get; set; } = 2000;

    /// <summary>These settings alone, without what a derived class adds.</summary>
    public EngineSettings ToEngine() => new(this);
}
