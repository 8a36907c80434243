using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client;

/// <summary>
/// A stream of generated text. If the region that generates it is lost, another region continues with the next token, and the caller sees only a pause.
///
/// One caller at a time reads it, with <see cref="ReadAsync"/> or <see cref="ReadAllAsync"/>. While the caller works on a frame, the next frame is already
/// requested. When the caller pauses, the generation pauses too.
///
/// Dispose it. Disposal before the end stops the region's work at once. It waits at most one second for a region that does not answer.
/// </summary>
public interface IMeridianStream : IAsyncDisposable
{
    /// <value>The id of the request, chosen by the caller or by the client.</value>
    string RequestId { get; }

    /// <value>The region that began the stream, and the prompts. It does not change when another region continues the stream.</value>
    StreamHead Head { get; }

    /// <value>Region that serves the stream now.</value>
    string Region => Head.Region;

    /// <value>How many times another region or another replica has continued the stream.</value>
    int Moves => 0;

    /// <value>
    /// Only for a request with <see cref="GenerationInput.Reproducible"/>: whether the tokens read so far may have other bits, and so perhaps another text,
    /// than the same request alone would give. The reason is that the stream continued with another arithmetic, or that it could not be computed again in
    /// time.
    /// </value>
    bool Inexact => false;

    /// <summary>Returns the next frame (the first frame included), or null after the end. Frames follow each other without a gap or a repeat.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. The stream can still be read.</exception>
    /// <exception cref="MeridianException">The stream cannot go on. Either its region was lost and no permitted region with the same version and variant
    /// could continue it (<see cref="Messages.RefusalCode.RegionLost"/>, or the reason), or its time was over, or the region gave another reason.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads the remaining frames with <see cref="ReadAsync"/>. Leaving the enumeration does not dispose the stream.</summary>
    IAsyncEnumerable<StreamFrame> ReadAllAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// The input that continues this stream after the tokens that were read so far. It is the original input, with the prompts as
    /// <see cref="StreamHead.PromptIds"/>, the choices that are not done as <see cref="GenerationInput.Resume"/>, and the original context length. It gives
    /// the same tokens if it is opened with the head's version and variant.
    /// </summary>
    GenerationInput GetResume();
}
