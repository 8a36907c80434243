using Meridian.Messages;

namespace Meridian.Federation.Regions;

/// <summary>A stream that a region has opened. Read by one caller at a time; disposing it before its end cancels the region's work.</summary>
public interface IRegionStream : IAsyncDisposable
{
    /// <value>Who began it, and what the prompts were. Stays as it is when the stream goes on elsewhere.</value>
    StreamHead Head { get; }

    /// <value>Region that serves it now.</value>
    string Region => Head.Region;

    /// <value>How many times it went on elsewhere.</value>
    int Moves => 0;

    /// <summary>The next frame, the first included; null after the end.</summary>
    /// <exception cref="OperationCanceledException">The token fired; the stream can still be read.</exception>
    /// <exception cref="Errors.MeridianException">The region cannot go on and says why.</exception>
    /// <exception cref="Exception">Anything else is the transport's: the region was lost.</exception>
    ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>A stream or a refusal, exactly one of them.</summary>
public readonly record struct StreamOpening(IRegionStream? Stream, Refusal? Refusal);
