namespace Meridian.Routing.Policies;

/// <summary>
/// Weighted rendezvous hashing (D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", 1998) of requests over regions, by their ready replicas: every edge finds by itself where
/// requests that share their beginning belong, and a region that comes or goes moves those that are or were its own and no others.
/// </summary>
internal static class Rendezvous
{
    /// <summary>How far a region is from a request by their hashes: exponentially distributed at a rate of the region's weight, so that the least of them falls to it in proportion to that.</summary>
    public static double Distance(ulong affinity, ulong region, double weight)
    {
        var h = affinity ^ (region * 0x9E3779B97F4A7C15);
        h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9;
        h = (h ^ (h >> 27)) * 0x94D049BB133111EB;
        h ^= h >> 31;
        return -Math.Log(((h >> 11) + 0.5) * (1.0 / (1ul << 53))) / Math.Max(weight, 1);
    }
}
