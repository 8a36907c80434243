namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>
/// Tokens of one request as the engine makes them, in a bounded ring. One reader at a time. A reader that does not read holds its sequences up, never the engine:
/// when the ring is full they pause. Read it to its end, or cancel it.
/// </summary>
public interface IGenerationStream
{
    GenerationHead Head { get; }

    /// <value>Prompt tokens whose keys and values were at hand, summed over the prompts that have begun: certain with the first token of a single prompt, with every prompt's first token of several.</value>
    int CachedTokens { get; }

    /// <value>Time from admission to the first computation, ms. Certain with the first token.</value>
    float QueueMs { get; }

    /// <summary>Tokens from an offset on: at once where there are some, else when the next ones come. Forgets everything before the offset.</summary>
    /// <param name="offset">0, or a frame's <see cref="GenerationFrame.Next"/>; the newest frame may be asked for again.</param>
    /// <param name="cancellationToken">Ends the wait, not the stream.</param>
    /// <exception cref="EngineStoppedException">The engine was disposed before the end.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset has been forgotten or lies ahead.</exception>
    /// <exception cref="OperationCanceledException">The token fired, or the stream was cancelled.</exception>
    ValueTask<GenerationFrame> ReadAsync(long offset, CancellationToken cancellationToken);

    /// <summary>Ends the stream; the engine computes its sequences at most once more. Does nothing after the end. Any thread.</summary>
    void Cancel();
}
