namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Tokens of a stream, in order.</summary>
/// <param name="Offset">Tokens of the stream, all choices together, before this frame.</param>
/// <param name="Next">Tokens of the stream up to the end of this frame.</param>
/// <param name="Groups">At most one a choice.</param>
/// <param name="End">Nothing follows.</param>
/// <param name="Inexact">The request was to be reproducible, and these tokens or earlier ones may have other bits than it gives alone.</param>
public sealed record GenerationFrame(long Offset, long Next, GenerationGroup[] Groups, bool End, bool Inexact = false);
