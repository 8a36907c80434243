namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Keeps account of the cache's slots and of the tokens of its memory budget. Running sequences reserve tokens. Kept prefixes use the rest, and are evicted
/// when a running sequence needs it.
/// </summary>
/// <remarks>
/// Invariants: <see cref="Reserved"/> + <see cref="Kept"/> is at most <see cref="Budget"/>. A slot is free, runs one sequence, or holds one kept prefix. The
/// lowest free slot is taken first.
/// </remarks>
/// <param name="budget">Capacity in tokens.</param>
/// <param name="slots">Number of sequences that the cache holds at once.</param>
internal sealed class KvLedger(long budget, int slots)
{
    private readonly bool[] _taken = new bool[slots];
    private readonly List<CachedPrefix> _kept = [];
    private long _uses;

    public long Budget => budget;

    public int Slots => _taken.Length;

    /// <value>Tokens reserved for running sequences.</value>
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

    /// <summary>Adds a kept prefix. Its slot stays taken. The caller has already unreserved the tokens.</summary>
    public void Keep(CachedPrefix prefix)
    {
        if (prefix.Ids.Length > Free)
            throw new InvalidOperationException($"A prefix of {prefix.Ids.Length} tokens was kept where {Free} of {budget} are free.");
        prefix.Used = ++_uses;
        _kept.Add(prefix);
        Kept += prefix.Ids.Length;
    }

    /// <summary>Removes a kept prefix. Its slot stays taken.</summary>
    public void Drop(CachedPrefix prefix)
    {
        if (_kept.Remove(prefix))
            Kept -= prefix.Ids.Length;
    }

    /// <summary>Frees everything.</summary>
    public void Clear()
    {
        Array.Clear(_taken);
        FreeSlots = _taken.Length;
        _kept.Clear();
        Kept = 0;
        Reserved = 0;
    }

    public void Touch(CachedPrefix prefix) => prefix.Used = ++_uses;

    /// <summary>The least recently used prefix, or null.</summary>
    /// <param name="except">A prefix that is never returned.</param>
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
