namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Finds the sequence that makes steps fail. The sequences of a failed step are suspects: they step apart from all others, first one half of them, then the other; a half that fails is halved again.
/// A suspect that gets past the place where its step failed is none any more. A suspect that fails alone is the cause; who was alone from the start is tried once more.
/// </summary>
/// <remarks>
/// Suspects and others take turns, so the others go on meanwhile. A search is over when none of its suspects is left. A search that tells nothing (nobody failed alone, or nobody got past) counts
/// against the engine, see <see cref="FaultStrikes"/>. The engine's thread only.
/// </remarks>
internal sealed class StepTrials
{
    // The last is in hand.
    private readonly List<SuspectGroup> _groups = [];
    private readonly FaultStrikes _strikes = new();
    private bool _inHand;

    /// <value>Whether there are suspects.</value>
    public bool Any => _groups.Count > 0;

    /// <value>Turns after which each group and the others have been asked: groups and others alternate.</value>
    public int Turns => Math.Max(1, 2 * _groups.Count);

    /// <value>Whether it is the engine that fails, and no sequence.</value>
    public bool EngineIsAtFault => _strikes.Out;

    /// <summary>Decides whose the next step is: the suspects' in hand, or the others'.</summary>
    public void NextTurn() => _inHand = Any && !_inHand;

    /// <summary>The step that was put together for the group in hand has no rows: its members wait for readers or for memory. The next group is taken in hand.</summary>
    public void PassOver()
    {
        if (!_inHand || _groups.Count < 2) return;
        var waiting = _groups[^1];
        _groups.RemoveAt(_groups.Count - 1);
        _groups.Insert(0, waiting);
    }

    /// <summary>Whether a sequence may be in the step that is being put together.</summary>
    public bool Admits(GenerationSequence sequence) => _inHand ? sequence.Suspects == _groups[^1] : sequence.Suspects is null;

    /// <summary>A step has failed: its sequences are suspects from here on.</summary>
    /// <returns>The sequence that failed alone, which is none any more; null where there were several.</returns>
    public GenerationSequence? Failed(ReadOnlySpan<GenerationSequence> step)
    {
        var known = step[0].Suspects?.Search;
        var search = known ?? new FaultSearch { Open = step.Length };
        foreach (var sequence in step) Leave(sequence);
        if (step.Length == 1)
        {
            if (known is null)
            {
                Add(step, search);
                return null;
            }

            search.Found++;
            End(search);
            return step[0];
        }

        // The first half is tried first, so it comes last.
        var half = (step.Length + 1) / 2;
        Add(step[half..], search);
        Add(step[..half], search);
        return null;
    }

    /// <summary>A step has gone well for a sequence.</summary>
    public void Passed(GenerationSequence sequence)
    {
        if (sequence.Suspects is not { } group || sequence.Computed < sequence.SuspectUntil) return;
        Leave(sequence);
        group.Search.Passed++;
        End(group.Search);
    }

    /// <summary>A sequence has ended before it could pass or fail: it was cancelled, or its stream failed.</summary>
    public void Forget(GenerationSequence sequence)
    {
        if (sequence.Suspects is not { } group) return;
        Leave(sequence);
        End(group.Search);
    }

    /// <summary>A step has gone well.</summary>
    public void Calm()
    {
        if (!Any) _strikes.Good();
    }

    private void Add(ReadOnlySpan<GenerationSequence> members, FaultSearch search)
    {
        var group = new SuspectGroup(search) { Members = members.Length };
        foreach (var sequence in members) sequence.Suspects = group;
        _groups.Add(group);
    }

    private void Leave(GenerationSequence sequence)
    {
        if (sequence.Suspects is not { } group) return;
        sequence.Suspects = null;
        if (--group.Members > 0) return;
        _groups.Remove(group);
        _inHand = false;
    }

    private void End(FaultSearch search)
    {
        if (--search.Open == 0) _strikes.Searched(search.Found, search.Passed);
    }
}

/// <summary>Suspects that step together.</summary>
/// <param name="search">What they are part of.</param>
internal sealed class SuspectGroup(FaultSearch search)
{
    public FaultSearch Search { get; } = search;

    public int Members { get; set; }
}

/// <summary>All that follows from one failed step.</summary>
internal sealed class FaultSearch
{
    /// <value>Suspects that have neither passed nor failed alone.</value>
    public int Open { get; set; }

    /// <value>Suspects that failed alone.</value>
    public int Found { get; set; }

    /// <value>Suspects that got past the place where their step had failed.</value>
    public int Passed { get; set; }
}
