namespace Meridian.Inference.Decoders.Contract;

/// <summary>A decoder's dimensions according to its graph and its configuration.</summary>
public sealed record DecoderShape
{
    public required KvLayout Layout { get; init; }

    /// <value>Layers of this stage.</value>
    public required int Layers { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadDimension { get; init; }

    public required int Vocabulary { get; init; }

    /// <value>Maximum number of tokens of a sequence.</value>
    public required int ContextLength { get; init; }

    /// <value>The reason why <see cref="ContextLength"/> is less than the configuration promises; null if it is not less.</value>
    public ContextCap? Cap { get; init; }

    /// <value>Bytes of one element of the cache: 4 (float32) or 2 (float16).</value>
    public required int ElementSize { get; init; }

    /// <value>Bytes of the keys and values of one token in this stage's layers.</value>
    public long BytesPerToken => 2L * Layers * KvHeads * HeadDimension * ElementSize;
}
