namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Bounds of a batch.</summary>
/// <param name="MaxItems">Most items.</param>
/// <param name="MaxTokens">Most tokens: number of items times length of the longest item. A single item may exceed it.</param>
/// <param name="PaddingShare">Largest share of a batch's tokens that may be padding, 0 to 1.</param>
internal readonly record struct BatchLimits(int MaxItems, int MaxTokens, float PaddingShare)
{
    /// <summary>
    /// Whether a batch of <paramref name="items"/> items with <paramref name="real"/> tokens, padded to <paramref name="longest"/>, is within bounds.
    /// </summary>
    public bool Allow(int items, int longest, int real)
    {
        var padded = items * longest;
        return items <= MaxItems && padded <= MaxTokens && padded - real <= padded * PaddingShare;
    }
}
