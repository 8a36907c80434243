using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <param name="Reply">Result, or the refusal to show to the caller.</param>
/// <param name="Region">Region that answered, or null where none did.</param>
/// <param name="Attempts">Regions that were tried, 1 for an undisturbed request, 0 where none could be.</param>
public sealed record EdgeAnswer(InferReply Reply, string? Region, int Attempts);
