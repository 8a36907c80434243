namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Some consecutive tokens of a stream.</summary>
/// <param name="Offset">Number of tokens of the stream, all choices together, before this frame.</param>
/// <param name="Next">Number of tokens of the stream up to the end of this frame.</param>
/// <param name="Groups">At most one group for each choice.</param>
/// <param name="End">Whether this is the last frame.</param>
/// <param name="Inexact">
/// Whether the request was to be reproducible, but these tokens or earlier ones may have other bits than if the request had run alone.
/// </param>
public sealed record GenerationFrame(long Offset, long Next, GenerationGroup[] Groups, bool End, bool Inexact = false);
