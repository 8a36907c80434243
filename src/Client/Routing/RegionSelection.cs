namespace Meridian.Client.Routing;

/// <summary>
/// Decides which region a request goes to. A pure function: the home region is an input and an output. A home region that can serve is kept unless another
/// region is clearly better. So two regions at the same distance do not alternate.
/// </summary>
internal static class RegionSelection
{
    /// <summary>
    /// A region is clearly better if its expected time is below this share of the home region's time and <see cref="ClearlyBetterMs"/> is met, too.
    /// </summary>
    public const double ClearlyBetterRatio = 0.7;

    /// <summary>A region must also save at least this time, ms. A smaller gain is not worth a move.</summary>
    public const double ClearlyBetterMs = 1;

    /// <param name="candidates">All regions in the order of the configuration, at most 64.</param>
    /// <param name="home">Index of the current home region, or -1.</param>
    /// <param name="tried">Bit i is set if the request has already been sent to region i.</param>
    /// <returns>Index of the region to use, or -1 if none is left.</returns>
    public static int Choose(ReadOnlySpan<RegionCandidate> candidates, int home, ulong tried)
    {
        var homeStands = (uint)home < (uint)candidates.Length && IsOpen(candidates, home, tried);
        var best = -1;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (i == home || !IsOpen(candidates, i, tried) || (homeStands && !Displaces(candidates[i], candidates[home])))
                continue;
            if (best < 0 || Precedes(candidates[i], candidates[best]))
                best = i;
        }

        return best >= 0 || !homeStands ? best : home;
    }

    private static bool IsOpen(ReadOnlySpan<RegionCandidate> candidates, int i, ulong tried) =>
        candidates[i].Usable && (tried & (1UL << i)) == 0;

    private static bool Precedes(in RegionCandidate a, in RegionCandidate b) =>
        a.Tier != b.Tier ? a.Tier < b.Tier
        : a.Preferred != b.Preferred ? a.Preferred
        : a.ExpectedMs < b.ExpectedMs;

    private static bool Displaces(in RegionCandidate challenger, in RegionCandidate home)
    {
        if (challenger.Tier != home.Tier)
            return challenger.Tier < home.Tier;
        if (!challenger.Settled || home.Preferred)
            return false;
        return challenger.Preferred || challenger.ExpectedMs < Math.Min(home.ExpectedMs * ClearlyBetterRatio, home.ExpectedMs - ClearlyBetterMs);
    }
}
