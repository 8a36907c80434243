namespace Meridian.Inference.Engines;

/// <summary>Items to embed. Exactly one of <see cref="Texts"/> and <see cref="TokenIds"/> is set.</summary>
public sealed record EmbeddingWork
{
    public string[]? Texts { get; init; }

    /// <value>Ids of the model's vocabulary, without special tokens.</value>
    public int[][]? TokenIds { get; init; }

    /// <value>Number of leading dimensions to keep; the shortened vector is normalised again. Null keeps all.</value>
    public int? Dimensions { get; init; }

    /// <value>True cuts an item to the model's limit. False refuses a longer item with <see cref="EmbeddingStatus.TooLong"/>.</value>
    public bool Truncate { get; init; }
}
