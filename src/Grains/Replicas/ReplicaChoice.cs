using Meridian.Grains.Silos;

namespace Meridian.Grains.Replicas;

/// <summary>
/// Which replica takes a request: the less loaded of two drawn at random (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001). Looking at all of them
/// would send every router's next request to the same one between two reports.
/// </summary>
internal static class ReplicaChoice
{
    /// <param name="tried">Replica that this request has tried, or null.</param>
    /// <param name="lost">Silo that did not answer this request, or null: its other replicas are asked only where nothing else is left.</param>
    /// <returns>Null where no other replica is ready.</returns>
    public static ReplicaTarget? Pick(ReplicaTarget[] ready, Random random, ReplicaTarget? tried = null, SiloWatch? lost = null)
    {
        if (ready.Length == 0) return null;
        if (ready.Length == 1) return IsTried(ready[0], tried) ? null : ready[0];

        var first = random.Next(ready.Length);
        var second = (first + 1 + random.Next(ready.Length - 1)) % ready.Length;
        var best = Better(ready[first], ready[second], tried, lost);
        if (Doubt(best, lost) == 0 && !IsTried(best, tried)) return best;

        // Both drawn are out of the question: rare enough to look at all.
        foreach (var target in ready) best = Better(best, target, tried, lost);
        return IsTried(best, tried) ? null : best;
    }

    private static ReplicaTarget Better(ReplicaTarget a, ReplicaTarget b, ReplicaTarget? tried, SiloWatch? lost)
    {
        var (aTried, bTried) = (IsTried(a, tried), IsTried(b, tried));
        if (aTried != bTried) return aTried ? b : a;
        var (aDoubt, bDoubt) = (Doubt(a, lost), Doubt(b, lost));
        if (aDoubt != bDoubt) return aDoubt > bDoubt ? b : a;
        return b.Load < a.Load ? b : a;
    }

    // What stands on a dead silo cannot answer; what failed a call may.
    private static int Doubt(ReplicaTarget target, SiloWatch? lost) =>
        target.Silo is { IsDead: true } ? 2 : target.Suspect || (lost is not null && ReferenceEquals(target.Silo, lost)) ? 1 : 0;

    // By key: a retry may already look at a newer table.
    private static bool IsTried(ReplicaTarget target, ReplicaTarget? tried) => tried is not null && string.Equals(target.Key, tried.Key, StringComparison.Ordinal);
}
