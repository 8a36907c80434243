namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>
/// The tokens of one request, in a bounded ring. Supports one reader at a time. When the reader stops and the ring is full, the sequences of this stream
/// pause; the engine continues with other streams. The caller must read the stream to its end or cancel it.
/// </summary>
public interface IGenerationStream
{
    GenerationHead Head { get; }

    /// <value>
    /// Number of prompt tokens taken from the cache, summed over the prompts that have started. Final with the first token of a single prompt; with several
    /// prompts, final when each prompt has its first token.
    /// </value>
    int CachedTokens { get; }

    /// <value>Time from admission to the first computation, ms. Final with the first token.</value>
    float QueueMs { get; }

    /// <summary>Returns the tokens from an offset on. Waits if there are none yet. Drops all tokens before the offset.</summary>
    /// <param name="offset">0, or the <see cref="GenerationFrame.Next"/> of a frame. The newest frame may be read again.</param>
    /// <param name="cancellationToken">Ends the wait, but not the stream.</param>
    /// <exception cref="EngineStoppedException">The engine was disposed, or has failed, before the end of the stream.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tokens at the offset have been dropped, or the offset lies ahead of the stream.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the stream was cancelled.</exception>
    ValueTask<GenerationFrame> ReadAsync(long offset, CancellationToken cancellationToken);

    /// <summary>Cancels the stream. The engine computes its sequences in at most one more step. Does nothing after the end. Callable from any thread.</summary>
    void Cancel();
}
