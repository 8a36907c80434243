using Meridian.Grains.Silos;

namespace Meridian.Grains.Replicas;

/// <summary>
/// Chooses the replica for a request: the less loaded of two that are drawn at random (Mitzenmacher, The Power of Two Choices in Randomized Load
/// Balancing, 2001). If routers compared all replicas, they would all send their next requests to the same replica between two load reports.
/// </summary>
internal static class ReplicaChoice
{
    /// <param name="excluded">Keys of the replicas that have failed this request, or null. A silo of which such a replica is suspect may be lost: its other
    /// replicas are used only if no better replica is left.</param>
    /// <returns>Null if no other replica is ready.</returns>
    public static ReplicaTarget? Pick(ReplicaTarget[] ready, Random random, string[]? excluded = null)
    {
        if (ready.Length == 0) return null;
        if (ready.Length == 1) return IsExcluded(ready[0], excluded) ? null : ready[0];

        var lost = Lost(ready, excluded);
        var first = random.Next(ready.Length);
        var second = (first + 1 + random.Next(ready.Length - 1)) % ready.Length;
        var best = Better(ready[first], ready[second], excluded, lost);
        if (Doubt(best, lost) == 0 && !IsExcluded(best, excluded)) return best;

        // Both drawn replicas are bad choices. This is rare, so compare all replicas.
        foreach (var target in ready) best = Better(best, target, excluded, lost);
        return IsExcluded(best, excluded) ? null : best;
    }

    /// <summary>Whether a replica is ready that has not failed the request and may be alive.</summary>
    /// <param name="failed">Key of the replica that has just failed, or null.</param>
    /// <param name="excluded">Keys of the replicas that failed before, or null.</param>
    public static bool HasOther(ReplicaTarget[] ready, string? failed, string[]? excluded)
    {
        foreach (var target in ready)
        {
            if (target.Silo is not { IsDead: true } && !string.Equals(target.Key, failed, StringComparison.Ordinal) && !IsExcluded(target, excluded)) return true;
        }

        return false;
    }

    private static ReplicaTarget Better(ReplicaTarget a, ReplicaTarget b, string[]? excluded, HashSet<SiloWatch>? lost)
    {
        var (aTried, bTried) = (IsExcluded(a, excluded), IsExcluded(b, excluded));
        if (aTried != bTried) return aTried ? b : a;
        var (aDoubt, bDoubt) = (Doubt(a, lost), Doubt(b, lost));
        if (aDoubt != bDoubt) return aDoubt > bDoubt ? b : a;
        return b.Load < a.Load ? b : a;
    }

    // 0: no doubt. 1: the replica or its silo failed a call and may still answer. 2: the silo is dead and cannot answer.
    private static int Doubt(ReplicaTarget target, HashSet<SiloWatch>? lost) =>
        target.Silo is { IsDead: true } ? 2 : target.Suspect || (lost is not null && target.Silo is not null && lost.Contains(target.Silo)) ? 1 : 0;

    // A full replica is not suspect, and says nothing about its silo.
    private static HashSet<SiloWatch>? Lost(ReplicaTarget[] ready, string[]? excluded)
    {
        if (excluded is null) return null;
        HashSet<SiloWatch>? lost = null;
        foreach (var target in ready)
        {
            if (target is { Suspect: true, Silo: not null } && IsExcluded(target, excluded)) (lost ??= []).Add(target.Silo);
        }

        return lost;
    }

    private static bool IsExcluded(ReplicaTarget target, string[]? excluded) => excluded is not null && Array.IndexOf(excluded, target.Key) >= 0;
}
