using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <param name="Reply">The result, or the refusal for the caller.</param>
/// <param name="Region">Region that answered, or null if none did.</param>
/// <param name="Attempts">Number of attempts: 1 for an undisturbed request, 0 if no region could be tried.</param>
public sealed record EdgeAnswer(InferReply Reply, string? Region, int Attempts);
