namespace Meridian.Client.Routing;

/// <summary>Where data may go. Fails closed: a region without a jurisdiction satisfies no restriction.</summary>
internal static class ResidencyRule
{
    /// <summary>Whether a region under <paramref name="jurisdiction"/> may see data restricted to <paramref name="permitted"/> (null: unrestricted).</summary>
    public static bool Permits(string[]? permitted, string? jurisdiction) =>
        permitted is null || (jurisdiction is not null && Array.IndexOf(permitted, jurisdiction) >= 0);

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
            if (Array.IndexOf(second, jurisdiction) >= 0)
                both.Add(jurisdiction);
        }

        return [.. both];
    }
}
