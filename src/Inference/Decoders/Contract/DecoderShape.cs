namespace Meridian.Inference.Decoders.Contract;

/// <summary>A decoder's dimensions, as its graph and configuration say.</summary>
public sealed record DecoderShape
{
    public required KvLayout Layout { get; init; }

    /// <value>Layers of this stage.</value>
    public required int Layers { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDimension { get; init; }

    public required int Vocabulary { get; init; }

    /// <value>Most tokens of a sequence.</value>
    public required int ContextLength { get; init; }

    /// <value>Why that is less than the configuration promises; null where it is not.</value>
    public ContextCap? Cap { get; init; }

    /// <value>Bytes of an element of the cache: 4 (float32) or 2 (float16).</value>
    public required int ElementSize { get; init; }

    /// <value>Bytes of keys and values of one token in this stage's layers.</value>
    public long BytesPerToken => 2L * Layers * KvHeads * HeadDimension * ElementSize;
}
