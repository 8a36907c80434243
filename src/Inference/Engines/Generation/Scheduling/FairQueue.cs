namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Sequences that wait, by tenant. The tenant that was served least comes next; within a tenant, who came first.
/// </summary>
/// <remarks>
/// Service is counted in tokens as in the Virtual Token Counter (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024): prompt tokens once,
/// generated tokens twice. A tenant that was away is lifted to the least served of those that are there, so that nobody saves up service to use it all at once.
/// </remarks>
internal sealed class FairQueue
{
    public const int PromptWeight = 1;
    public const int GeneratedWeight = 2;

    // Tenants that have gone are remembered, lest one that leaves and comes back begins anew; a few thousand of them.
    private const int MostRemembered = 4096;

    private readonly Dictionary<string, TenantLine> _lines = new(StringComparer.Ordinal);
    private readonly List<TenantLine> _active = [];
    private long _lastLeft;

    /// <value>Sequences that wait.</value>
    public int Count { get; private set; }

    /// <summary>Puts a sequence into its tenant's line, in order of arrival.</summary>
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

    /// <summary>The sequence to be admitted next, or null where none can be. It stays in the queue.</summary>
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

    /// <summary>Takes a sequence out.</summary>
    public void Remove(GenerationSequence sequence)
    {
        if (sequence.Line.Waiting.Remove(sequence))
            Count--;
    }

    /// <summary>Takes out and hands over all that match.</summary>
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

    /// <summary>Forgets tenants that neither wait nor run.</summary>
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
