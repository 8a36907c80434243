using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Sessions;

namespace Meridian.Inference.Decoders;

/// <summary>How a decoder stage runs.</summary>
public sealed record DecoderStageOptions
{
    public DeviceName Device { get; init; } = new("cpu", 0);

    /// <value>Threads that one run uses, the calling one included.</value>
    public int IntraOpThreads { get; init; } = 1;

    /// <value>Whether ONNX Runtime's own threads spin while idle.</value>
    public bool AllowSpinning { get; init; }

    /// <value>Sequences whose keys and values are held at once, at least 1. Address space is reserved for all of them at full length, memory is taken as tokens come.</value>
    public int Slots { get; init; } = 32;

    /// <value>
    /// Bytes that padding may take beyond as much as the tokens themselves before sequences of different lengths step apart (<see cref="KvLayout.Concatenated"/> and
    /// <see cref="KvLayout.Merged"/>). Default 64 MiB: below that, reading the weights once more costs more than the padding.
    /// </value>
    public long FreePadding { get; init; } = 64L << 20;
}
