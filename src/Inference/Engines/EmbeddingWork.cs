namespace Meridian.Inference.Engines;

/// <summary>Items to embed; exactly one of <see cref="Texts"/> and <see cref="TokenIds"/> is set.</summary>
public sealed record EmbeddingWork
{
    public string[]? Texts { get; init; }

    /// <value>Ids of the model's vocabulary, without special tokens.</value>
    public int[][]? TokenIds { get; init; }

    /// <value>Leading dimensions to keep (then renormalised), or null for all.</value>
    public int? Dimensions { get; init; }

    /// <value>True cuts an item to the limit; false makes an over-long item an <see cref="EmbeddingStatus.TooLong"/>.</value>
    public bool Truncate { get; init; }
}
