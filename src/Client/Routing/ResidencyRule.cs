namespace Meridian.Client.Routing;

/// <summary>
/// The places where data may go, by the same rule as in edges and regions: jurisdictions ignore case, region names are exact. Fails closed: a region without
/// a jurisdiction satisfies no restriction of jurisdictions.
/// </summary>
internal static class ResidencyRule
{
    /// <summary>
    /// Whether a region under <paramref name="jurisdiction"/> may see data that is restricted to <paramref name="permitted"/> (null: unrestricted).
    /// </summary>
    public static bool Permits(string[]? permitted, string? jurisdiction) =>
        permitted is null || (!string.IsNullOrEmpty(jurisdiction) && permitted.Contains(jurisdiction, StringComparer.OrdinalIgnoreCase));

    /// <summary>The same for a request that is also restricted to <paramref name="regions"/> by name (null: unrestricted).</summary>
    public static bool Permits(string[]? permitted, string[]? regions, string? jurisdiction, string region) =>
        Permits(permitted, jurisdiction) && (regions is null || Array.IndexOf(regions, region) >= 0);

    /// <summary>The intersection of both restrictions.</summary>
    public static string[]? Intersect(string[]? first, string[]? second)
    {
        if (first is null || ReferenceEquals(first, second))
            return second;
        if (second is null)
            return first;
        var both = new List<string>(first.Length);
        foreach (var jurisdiction in first)
        {
            if (second.Contains(jurisdiction, StringComparer.OrdinalIgnoreCase))
                both.Add(jurisdiction);
        }

        return [.. both];
    }
}
