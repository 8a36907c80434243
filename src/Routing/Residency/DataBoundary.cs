using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Residency;

/// <summary>
/// The places where a request's data may go: the intersection of the tenant's residency, the caller's own restriction and the geofence. Fails closed: a
/// region without a jurisdiction is outside every boundary of jurisdictions, and an empty list permits nothing. A boundary can only become narrower.
/// </summary>
/// <param name="Jurisdictions">Permitted jurisdictions; null for no restriction by jurisdiction. The comparison ignores case.</param>
/// <param name="Regions">Names of the permitted regions; null for no restriction by name. The comparison is exact.</param>
public readonly record struct DataBoundary(string[]? Jurisdictions, string[]? Regions)
{
    /// <value>No restriction.</value>
    public static DataBoundary None => default;

    public bool IsUnrestricted => Jurisdictions is null && Regions is null;

    public bool Permits(RegionMember region)
    {
        ArgumentNullException.ThrowIfNull(region);
        return Permits(region.Name, region.Jurisdiction);
    }

    /// <param name="region">Name of the region.</param>
    /// <param name="jurisdiction">Jurisdiction of the region; empty while unknown.</param>
    public bool Permits(string region, string jurisdiction) =>
        (Jurisdictions is null || (!string.IsNullOrEmpty(jurisdiction) && Contains(Jurisdictions, jurisdiction, StringComparison.OrdinalIgnoreCase)))
        && (Regions is null || Contains(Regions, region, StringComparison.Ordinal));

    /// <summary>The intersection of both boundaries.</summary>
    public DataBoundary And(DataBoundary other) => new(
        Intersect(Jurisdictions, other.Jurisdictions, StringComparer.OrdinalIgnoreCase),
        Intersect(Regions, other.Regions, StringComparer.Ordinal));

    private static bool Contains(string[] names, string name, StringComparison comparison)
    {
        foreach (var candidate in names)
        {
            if (string.Equals(candidate, name, comparison))
                return true;
        }

        return false;
    }

    private static string[]? Intersect(string[]? left, string[]? right, StringComparer comparer) =>
        (left, right) switch
        {
            (null, _) => right,
            (_, null) => left,
            _ => [.. left.Where(name => right.Contains(name, comparer))],
        };
}

/// <summary>One of the rules that make up a boundary.</summary>
/// <param name="Rule"><c>tenant</c>, <c>header</c> or <c>geofence</c>.</param>
/// <param name="Why">The reason for the rule, in words.</param>
/// <param name="Boundary">The boundary that the rule sets; unrestricted if the rule does not apply.</param>
public sealed record BoundaryPart(string Rule, string Why, DataBoundary Boundary);
