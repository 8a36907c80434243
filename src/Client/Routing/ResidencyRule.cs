namespace Meridian.Client.Routing;

/// <summary>Where data may go, judged as edges and regions judge it: jurisdictions without case, regions exactly. Fails closed: a region without a jurisdiction satisfies no restriction.</summary>
internal static class ResidencyRule
{
    /// <summary>Whether a region under <paramref name="jurisdiction"/> may see data restricted to <paramref name="permitted"/> (null: unrestricted).</summary>
    public static bool Permits(string[]? permitted, string? jurisdiction) =>
        permitted is null || (!string.IsNullOrEmpty(jurisdiction) && permitted.Contains(jurisdiction, StringComparer.OrdinalIgnoreCase));

    /// <summary>The same for a request that is restricted to regions by name, too (null: unrestricted).</summary>
    public static bool Permits(string[]? permitted, string[]? regions, string? jurisdiction, string region) =>
        Permits(permitted, jurisdiction) && (regions is null || Array.IndexOf(regions, region) >= 0);

    /// <summary>Both restrictions at once; never wider than either.</summary>
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
