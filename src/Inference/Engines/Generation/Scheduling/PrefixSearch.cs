namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Searches for keys and values that a sequence can reuse instead of computing them.</summary>
internal static class PrefixSearch
{
    /// <summary>
    /// Fewest tokens worth a copy: fewer are computed as fast as they are copied. If a kept prefix is longer than the common part by fewer tokens than this,
    /// its slot is taken over and truncated instead of copied.
    /// </summary>
    public const int Least = 8;

    /// <summary>Finds the longest reusable prefix among kept prefixes and running sequences. At least one token stays to be computed.</summary>
    /// <param name="sequence">The sequence to place.</param>
    /// <param name="prefixes">The kept prefixes.</param>
    /// <param name="running">The running sequences.</param>
    /// <param name="share">Whether sequences of one tenant share prefixes. Choices of one prompt always do.</param>
    public static PrefixMatch Find(GenerationSequence sequence, IReadOnlyList<CachedPrefix> prefixes, List<GenerationSequence> running, bool share)
    {
        var best = default(PrefixMatch) with { Slot = -1 };
        foreach (var kept in prefixes)
        {
            if (kept.OnlyFor is null ? kept.Tenant != sequence.Tenant : kept.OnlyFor != sequence.Prompt)
                continue;
            var usable = Usable(sequence, kept.Ids, kept.Roles);
            if (usable > best.Tokens && (usable >= Least || kept.OnlyFor is not null))
                best = new PrefixMatch(usable, kept.Slot, kept.Roles, kept);
        }

        foreach (var other in running)
        {
            var sibling = other.Prompt == sequence.Prompt;
            if (!sibling && (!share || other.Tenant != sequence.Tenant))
                continue;
            var usable = Usable(sequence, other.Ids[..other.Computed], other.Roles);
            if (usable > best.Tokens && (usable >= Least || sibling))
                best = new PrefixMatch(usable, other.Slot, other.Roles, null);
        }

        return best;
    }

    private static int Usable(GenerationSequence sequence, ReadOnlySpan<int> held, KvRoles roles)
    {
        var common = sequence.Ids[..^1].CommonPrefixLength(held);
        return sequence.Reproducible ? roles.Reusable(common, sequence.PieceTokens, sequence.Length) : common;
    }
}
