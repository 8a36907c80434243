namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Waiting sequences, by tenant. The tenant that has received the least service comes next. Within a tenant, the oldest sequence comes first.
/// </summary>
/// <remarks>
/// Service is counted in tokens, as in the Virtual Token Counter (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024): a prompt token counts
/// once, a generated token twice. A tenant that returns after a pause is raised to the lowest service of the active tenants. So no tenant can save up service
/// while it is away and then use it all at once.
/// </remarks>
internal sealed class FairQueue
{
    public const int PromptWeight = 1;
    public const int GeneratedWeight = 2;

    // Idle tenants are remembered, at most about this many. Otherwise a tenant that leaves and returns would start again with no service counted.
    private const int MostRemembered = 4096;

    private readonly Dictionary<string, TenantLine> _lines = new(StringComparer.Ordinal);
    private readonly List<TenantLine> _active = [];
    private long _lastLeft;

    /// <value>Number of waiting sequences.</value>
    public int Count { get; private set; }

    /// <summary>Adds a sequence to its tenant's line, in order of arrival.</summary>
    public void Add(GenerationSequence sequence)
    {
        var line = sequence.Line ??= LineOf(sequence.Tenant);
        if (!line.IsActive)
            Activate(line);
        var at = line.Waiting.Count;
        while (at > 0 && line.Waiting[at - 1].Arrival > sequence.Arrival)
            at--;
        line.Waiting.Insert(at, sequence);
        Count++;
    }

    /// <summary>Returns the sequence to admit next, or null if none can start. The sequence stays in the queue.</summary>
    public GenerationSequence? Next(Predicate<GenerationSequence> canStart)
    {
        GenerationSequence? best = null;
        for (var i = 0; i < _active.Count; i++)
        {
            var line = _active[i];
            if (line.Waiting.Count == 0 || (best is not null && line.Served >= best.Line.Served))
                continue;
            foreach (var sequence in line.Waiting)
            {
                if (!canStart(sequence))
                    continue;
                best = sequence;
                break;
            }
        }

        return best;
    }

    /// <summary>Removes a sequence.</summary>
    public void Remove(GenerationSequence sequence)
    {
        if (sequence.Line.Waiting.Remove(sequence))
            Count--;
    }

    /// <summary>Removes all matching sequences and adds them to <paramref name="removed"/>.</summary>
    public void RemoveAll(Predicate<GenerationSequence> match, List<GenerationSequence> removed)
    {
        for (var i = 0; i < _active.Count; i++)
        {
            var waiting = _active[i].Waiting;
            var kept = 0;
            for (var at = 0; at < waiting.Count; at++)
            {
                if (match(waiting[at]))
                    removed.Add(waiting[at]);
                else
                    waiting[kept++] = waiting[at];
            }

            Count -= waiting.Count - kept;
            waiting.RemoveRange(kept, waiting.Count - kept);
        }
    }

    /// <summary>Deactivates tenants that have neither waiting nor running sequences.</summary>
    public void Sweep()
    {
        for (var i = _active.Count - 1; i >= 0; i--)
        {
            var line = _active[i];
            if (line.IsBusy)
                continue;
            _lastLeft = Math.Max(_lastLeft, line.Served);
            line.IsActive = false;
            _active.RemoveAt(i);
        }

        if (_lines.Count <= MostRemembered + _active.Count)
            return;
        _lines.Clear();
        foreach (var line in _active)
            _lines.Add(line.Tenant, line);
    }

    private TenantLine LineOf(string tenant)
    {
        if (_lines.TryGetValue(tenant, out var line))
            return line;
        line = new TenantLine(tenant);
        _lines.Add(tenant, line);
        return line;
    }

    private void Activate(TenantLine line)
    {
        var least = _lastLeft;
        for (var i = 0; i < _active.Count; i++)
            least = i == 0 ? _active[0].Served : Math.Min(least, _active[i].Served);
        line.Served = Math.Max(line.Served, least);
        line.IsActive = true;
        _active.Add(line);
    }
}
