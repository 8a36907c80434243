namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// The cache's slots and the tokens of its memory budget: what runs has set tokens aside, what is kept for reuse has the rest, and gives way.
/// </summary>
/// <remarks>
/// Invariants: Reserved + Kept is at most Budget; a slot is free, runs one sequence, or holds one kept prefix. Free slots are taken from the lowest up.
/// </remarks>
/// <param name="budget">Tokens.</param>
/// <param name="slots">Sequences that the cache holds at once.</param>
internal sealed class KvLedger(long budget, int slots)
{
    private readonly bool[] _taken = new bool[slots];
    private readonly List<CachedPrefix> _kept = [];
    private long _uses;

    public long Budget => budget;

    public int Slots => _taken.Length;

    /// <value>Tokens set aside for running sequences.</value>
    public long Reserved { get; private set; }

    /// <value>Tokens of kept prefixes.</value>
    public long Kept { get; private set; }

    public long Free => budget - Reserved - Kept;

    public int FreeSlots { get; private set; } = slots;

    public IReadOnlyList<CachedPrefix> Prefixes => _kept;

    public void Reserve(long tokens)
    {
        if (tokens > Free)
            throw new InvalidOperationException($"{tokens} tokens of cache were taken where {Free} of {budget} are free.");
        Reserved += tokens;
    }

    public void Unreserve(long tokens) => Reserved -= tokens;

    /// <summary>Takes the lowest free slot; -1 where there is none.</summary>
    public int TakeSlot()
    {
        var slot = Array.IndexOf(_taken, false);
        if (slot < 0)
            return -1;
        _taken[slot] = true;
        FreeSlots--;
        return slot;
    }

    public void FreeSlot(int slot)
    {
        _taken[slot] = false;
        FreeSlots++;
    }

    /// <summary>Turns tokens set aside into a kept prefix; its slot stays taken. The caller has unreserved them.</summary>
    public void Keep(CachedPrefix prefix)
    {
        if (prefix.Ids.Length > Free)
            throw new InvalidOperationException($"A prefix of {prefix.Ids.Length} tokens was kept where {Free} of {budget} are free.");
        prefix.Used = ++_uses;
        _kept.Add(prefix);
        Kept += prefix.Ids.Length;
    }

    /// <summary>Takes a prefix out of those that are kept; its slot stays taken.</summary>
    public void Drop(CachedPrefix prefix)
    {
        if (_kept.Remove(prefix))
            Kept -= prefix.Ids.Length;
    }

    /// <summary>Everything is free again.</summary>
    public void Clear()
    {
        Array.Clear(_taken);
        FreeSlots = _taken.Length;
        _kept.Clear();
        Kept = 0;
        Reserved = 0;
    }

    public void Touch(CachedPrefix prefix) => prefix.Used = ++_uses;

    /// <summary>The prefix that was used longest ago, or null.</summary>
    /// <param name="except">Is spared.</param>
    public CachedPrefix? Oldest(CachedPrefix? except)
    {
        CachedPrefix? oldest = null;
        foreach (var prefix in _kept)
        {
            if (prefix != except && (oldest is null || prefix.Used < oldest.Used))
                oldest = prefix;
        }

        return oldest;
    }
}
