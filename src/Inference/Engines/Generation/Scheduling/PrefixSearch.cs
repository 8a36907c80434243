namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Looks for keys and values that a sequence may take instead of computing them.</summary>
internal static class PrefixSearch
{
    /// <summary>
    /// Fewer tokens than this are computed as fast as they are copied. What a kept prefix has beyond a common beginning is worth no copy either: it is taken over and cut.
    /// </summary>
    public const int Least = 8;

    /// <summary>The longest usable beginning among kept prefixes and running sequences; at least one token is left to compute.</summary>
    /// <param name="sequence">To be placed.</param>
    /// <param name="prefixes">What is kept.</param>
    /// <param name="running">What runs.</param>
    /// <param name="share">Whether sequences of one tenant share beginnings. Choices of one prompt always do.</param>
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
