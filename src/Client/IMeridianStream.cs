using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client;

/// <summary>
/// Text on its way from the region that generates it. Where that region is lost, another one goes on with the next token: the caller sees a pause. Read by one caller at a time, by <see cref="ReadAsync"/> or <see cref="ReadAllAsync"/>. While the caller works on a frame
/// the next one is already asked for; a caller that pauses pauses the generation. Dispose it: before the end that ends the region's work at once, and it waits
/// a second at most for a region that does not answer.
/// </summary>
public interface IMeridianStream : IAsyncDisposable
{
    /// <value>The request's id, the caller's or the one it was given.</value>
    string RequestId { get; }

    /// <value>Who began it, and what the prompts were. Stays as it is when another region goes on.</value>
    StreamHead Head { get; }

    /// <value>Region that serves it now.</value>
    string Region => Head.Region;

    /// <value>How many times another region, or another replica, went on with it.</value>
    int Moves => 0;

    /// <value>
    /// Whether what was read of a request that asked for <see cref="GenerationInput.Reproducible"/> may have other bits, and so perhaps another text, than the request alone: it went on
    /// where the arithmetic is another, or could not be computed again in time.
    /// </value>
    bool Inexact => false;

    /// <summary>The next frame, the first included; null after the end. Frames follow one another without gap or repeat.</summary>
    /// <exception cref="OperationCanceledException">The token fired; the stream can still be read.</exception>
    /// <exception cref="MeridianException">The stream cannot go on: its region was lost and no permitted one with the same version and variant could go on (<see cref="Messages.RefusalCode.RegionLost"/>, or why), its time was over, or the region says why.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>The frames that are left, by <see cref="ReadAsync"/>. Leaving the enumeration leaves the stream as it is: dispose that.</summary>
    IAsyncEnumerable<StreamFrame> ReadAllAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// What goes on where this stream was left, by what was read so far: the input it was opened with, its prompts as <see cref="StreamHead.PromptIds"/>, the choices that are not done
    /// as <see cref="GenerationInput.Resume"/>, and the context it began with. It gives the same tokens where it is opened with the head's version and variant.
    /// </summary>
    GenerationInput GetResume();
}
