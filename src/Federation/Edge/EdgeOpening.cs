using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <param name="Stream">
/// The stream, or null if refused. It belongs to the caller, who disposes it. If a region is lost in mid-stream, the caller sees a pause, and the stream goes
/// on in another region with the next token. If no permitted region can go on, a read throws <see cref="Errors.MeridianException"/>, which says how many
/// tokens had come and why the stream ended.
/// </param>
/// <param name="Refusal">Why there is no stream, or null.</param>
/// <param name="Region">Region that answered, or null if none did.</param>
/// <param name="Attempts">Number of attempts: 1 for an undisturbed request, 0 if no region could be tried.</param>
public sealed record EdgeOpening(IRegionStream? Stream, Refusal? Refusal, string? Region, int Attempts);
