namespace Meridian.Routing.Policies;

/// <summary>
/// Weighted rendezvous hashing (D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", 1998) of requests to regions. The weight of a
/// region is its number of ready replicas. Every edge computes by itself where requests with the same beginning belong. When a region comes or goes, only the
/// requests that belong or belonged to it move.
/// </summary>
internal static class Rendezvous
{
    /// <summary>
    /// Hash distance between a request and a region. It is exponentially distributed with the region's weight as the rate. So the probability that a region
    /// has the least distance is proportional to its weight.
    /// </summary>
    public static double Distance(ulong affinity, ulong region, double weight)
    {
        var h = affinity ^ (region * 0x9E3779B97F4A7C15);
        h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9;
        h = (h ^ (h >> 27)) * 0x94D049BB133111EB;
        h ^= h >> 31;
        return -Math.Log(((h >> 11) + 0.5) * (1.0 / (1ul << 53))) / Math.Max(weight, 1);
    }
}
