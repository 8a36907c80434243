namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Computes batches for one worker at a time.</summary>
internal interface IBatchRunner : IDisposable
{
    /// <summary>Writes the vectors of the items into their calls.</summary>
    /// <param name="batch">At least one item.</param>
    /// <param name="longest">Tokens of the longest.</param>
    void Run(ReadOnlySpan<EmbeddingItem> batch, int longest);
}
