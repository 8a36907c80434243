using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Residency;

/// <summary>
/// Where a request's data may go: the intersection of the tenant's residency, the caller's own narrowing and the geofence. Fails closed: a region without a jurisdiction is
/// outside every boundary, and an empty list permits nothing. Only ever narrowed.
/// </summary>
/// <param name="Jurisdictions">Permitted jurisdictions; null for no restriction by them. Compared without case.</param>
/// <param name="Regions">Permitted regions by name; null for no restriction by them. Compared exactly.</param>
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

    /// <param name="region">Name.</param>
    /// <param name="jurisdiction">Its law; empty while unknown.</param>
    public bool Permits(string region, string jurisdiction) =>
        (Jurisdictions is null || (!string.IsNullOrEmpty(jurisdiction) && Contains(Jurisdictions, jurisdiction, StringComparison.OrdinalIgnoreCase)))
        && (Regions is null || Contains(Regions, region, StringComparison.Ordinal));

    /// <summary>What both permit.</summary>
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

/// <summary>One of the rules that a boundary is made of.</summary>
/// <param name="Rule"><c>tenant</c>, <c>header</c> or <c>geofence</c>.</param>
/// <param name="Why">What the rule went by, in words.</param>
/// <param name="Boundary">What it permits; unrestricted where it says nothing.</param>
public sealed record BoundaryPart(string Rule, string Why, DataBoundary Boundary);
