namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Computes batches. Used by one worker at a time.</summary>
internal interface IBatchRunner : IDisposable
{
    /// <summary>Writes the vectors of the items into the results of their calls.</summary>
    /// <param name="batch">At least one item.</param>
    /// <param name="longest">Number of tokens of the longest item.</param>
    void Run(ReadOnlySpan<EmbeddingItem> batch, int longest);
}
