using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Sessions;

namespace Meridian.Inference.Decoders;

/// <summary>How a decoder stage runs.</summary>
public sealed record DecoderStageOptions
{
    public DeviceName Device { get; init; } = new("cpu", 0);

    /// <value>Threads that one run uses, including the calling thread.</value>
    public int IntraOpThreads { get; init; } = 1;

    /// <value>Whether ONNX Runtime's own threads spin while idle.</value>
    public bool AllowSpinning { get; init; }

    /// <value>
    /// Sequences whose keys and values are held at the same time, at least 1. Address space is reserved for all of them at full length; memory is taken as
    /// tokens arrive.
    /// </value>
    public int Slots { get; init; } = 32;

    /// <value>
    /// Bytes of padding that a step may have in addition to as many bytes as its tokens take. With more padding the step runs in several batches of similar
    /// length (<see cref="KvLayout.Concatenated"/> and <see cref="KvLayout.Merged"/>). Default 64 MiB: below that, one more reading of the weights costs more
    /// than the padding.
    /// </value>
    public long FreePadding { get; init; } = 64L << 20;
}
