namespace Meridian.Inference.Engines;

/// <summary>Turns texts or token ids into vectors.</summary>
public interface IEmbeddingEngine : IEngine
{
    /// <value>Length of a full vector.</value>
    int Dimensions { get; }

    /// <value>Most tokens an item may have, special tokens included.</value>
    int MaxTokens { get; }

    /// <summary>
    /// Tokenizes on the caller's thread (where texts are given; some ten microseconds a hundred characters), queues, runs in dynamic batches and pools. All items of a call are admitted or none.
    /// A full queue or wrong input is an outcome, not an exception.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token fired; items that have not started leave the queue.</exception>
    ValueTask<EmbeddingOutcome> EmbedAsync(EmbeddingWork work, CancellationToken cancellationToken);
}
