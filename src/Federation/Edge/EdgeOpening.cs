using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <param name="Stream">
/// The stream, or null where refused. It belongs to the caller, who disposes it. A region lost in mid-stream shows as a pause: the stream goes on elsewhere with the next token, and only where
/// no permitted region can do that as a <see cref="Errors.MeridianException"/> of its read, which says how many tokens had come and why.
/// </param>
/// <param name="Refusal">Why there is no stream, or null.</param>
/// <param name="Region">Region that answered, or null where none did.</param>
/// <param name="Attempts">Regions that were tried, 1 for an undisturbed request, 0 where none could be.</param>
public sealed record EdgeOpening(IRegionStream? Stream, Refusal? Refusal, string? Region, int Attempts);
