using Meridian.Messages;

namespace Meridian.Federation.Regions;

/// <summary>A stream that a region has opened. Read by one caller at a time; disposing it before its end cancels the region's work.</summary>
public interface IRegionStream : IAsyncDisposable
{
    /// <value>The region that began the stream, and the prompts. Unchanged when the stream moves to another region.</value>
    StreamHead Head { get; }

    /// <value>Region that serves the stream now.</value>
    string Region => Head.Region;

    /// <value>Number of times the stream moved to another region.</value>
    int Moves => 0;

    /// <summary>The next frame, the first included; null after the end.</summary>
    /// <exception cref="OperationCanceledException">The token fired; the stream can still be read.</exception>
    /// <exception cref="Errors.MeridianException">The region cannot go on. The exception says why.</exception>
    /// <exception cref="Exception">Any other exception comes from the transport: the region was lost.</exception>
    ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>A stream or a refusal, exactly one of them.</summary>
public readonly record struct StreamOpening(IRegionStream? Stream, Refusal? Refusal);
