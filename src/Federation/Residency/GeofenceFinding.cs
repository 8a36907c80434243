using Meridian.Routing.Residency;

namespace Meridian.Federation.Residency;

/// <summary>What the geofence says of a caller.</summary>
/// <param name="Country">Country of the caller's network (ISO 3166-1 alpha-2), or null if it is not known.</param>
/// <param name="Ruled">Whether a rule for the country decided. Otherwise the rule for unknown callers decided.</param>
/// <param name="Boundary">Where the data may go.</param>
public readonly record struct GeofenceFinding(string? Country, bool Ruled, DataBoundary Boundary);
