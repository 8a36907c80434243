using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <summary>A stream or a refusal, exactly one of them.</summary>
public readonly record struct StreamOpening(IRegionStream? Stream, Refusal? Refusal);
