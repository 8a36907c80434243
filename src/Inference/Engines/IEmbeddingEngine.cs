namespace Meridian.Inference.Engines;

/// <summary>Computes vectors for texts or token ids.</summary>
public interface IEmbeddingEngine : IEngine
{
    /// <value>Length of a full vector.</value>
    int Dimensions { get; }

    /// <value>Most tokens of an item, including special tokens.</value>
    int MaxTokens { get; }

    /// <summary>
    /// Tokenizes texts on the caller's thread (about ten microseconds for a hundred characters), queues the items, runs them in dynamic batches and pools the
    /// results. Either all items of a call are admitted or none. A full queue or wrong input is a result, not an exception.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. Items that have not started leave the queue.</exception>
    ValueTask<EmbeddingOutcome> EmbedAsync(EmbeddingWork work, CancellationToken cancellationToken);
}
