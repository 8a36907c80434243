namespace Meridian.Federation.Sovereignty;

/// <summary>One of the rules that a boundary is made of.</summary>
/// <param name="Rule"><c>tenant</c>, <c>header</c> or <c>geofence</c>.</param>
/// <param name="Why">What the rule went by, in words.</param>
/// <param name="Boundary">What it permits; unrestricted where it says nothing.</param>
public sealed record BoundaryPart(string Rule, string Why, DataBoundary Boundary);
