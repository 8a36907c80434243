using Meridian.Grains.Silos;

namespace Meridian.Grains.Replicas;

/// <summary>
/// Chooses the replica for a request: the less loaded of two that are drawn at random (Mitzenmacher, The Power of Two Choices in Randomized Load
/// Balancing, 2001). If routers compared all replicas, they would all send their next requests to the same replica between two load reports.
/// </summary>
internal static class ReplicaChoice
{
    /// <param name="tried">The replica that this request has already tried, or null.</param>
    /// <param name="lost">The silo that did not answer this request, or null. Its other replicas are used only if no better replica is left.</param>
    /// <returns>Null if no other replica is ready.</returns>
    public static ReplicaTarget? Pick(ReplicaTarget[] ready, Random random, ReplicaTarget? tried = null, SiloWatch? lost = null)
    {
        if (ready.Length == 0) return null;
        if (ready.Length == 1) return IsTried(ready[0], tried) ? null : ready[0];

        var first = random.Next(ready.Length);
        var second = (first + 1 + random.Next(ready.Length - 1)) % ready.Length;
        var best = Better(ready[first], ready[second], tried, lost);
        if (Doubt(best, lost) == 0 && !IsTried(best, tried)) return best;

        // Both drawn replicas are bad choices. This is rare, so compare all replicas.
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

    // 0: no doubt. 1: the replica or its silo failed a call and may still answer. 2: the silo is dead and cannot answer.
    private static int Doubt(ReplicaTarget target, SiloWatch? lost) =>
        target.Silo is { IsDead: true } ? 2 : target.Suspect || (lost is not null && ReferenceEquals(target.Silo, lost)) ? 1 : 0;

    // Compare keys: a retry may already use a newer table with new objects.
    private static bool IsTried(ReplicaTarget target, ReplicaTarget? tried) => tried is not null && string.Equals(target.Key, tried.Key, StringComparison.Ordinal);
}
