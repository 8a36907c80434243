namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>
/// Finds the sequence that makes steps fail, by halving the failed step.
/// </summary>
/// <remarks>
/// The problem: a step computes many sequences and fails as a whole, and its exception does not say which sequence caused it.
/// <para>
/// The sequences of a failed step become suspects. Suspects run apart from all other sequences: first one half of them, then the other half. A half that fails
/// is halved again. A suspect is cleared when it gets past the position where its step failed. A suspect that fails alone is the cause. If the failed step
/// contained only one sequence from the start, that sequence is tried once more.
/// </para>
/// <para>
/// Steps of suspects alternate with steps of the other sequences, so the others continue. A search ends when no suspect is left. If no suspect failed alone, or
/// none was cleared, the search counts against the engine, see <see cref="FaultStrikes"/>. Used by the engine's thread only.
/// </para>
/// </remarks>
internal sealed class StepTrials
{
    // The last group is the one in hand: the next to run.
    private readonly List<SuspectGroup> _groups = [];
    private readonly FaultStrikes _strikes = new();
    private bool _inHand;

    /// <value>Whether there are suspects.</value>
    public bool Any => _groups.Count > 0;

    /// <value>Number of turns after which each group and the other sequences have had a chance: groups and others alternate.</value>
    public int Turns => Math.Max(1, 2 * _groups.Count);

    /// <value>Whether the engine is at fault, not a single sequence.</value>
    public bool EngineIsAtFault => _strikes.Out;

    /// <summary>Decides whether the next step runs the group in hand or the other sequences.</summary>
    public void NextTurn() => _inHand = Any && !_inHand;

    /// <summary>
    /// The step of the group in hand has no rows, because its members wait for readers or for memory. The next group becomes the group in hand.
    /// </summary>
    public void PassOver()
    {
        if (!_inHand || _groups.Count < 2) return;
        var waiting = _groups[^1];
        _groups.RemoveAt(_groups.Count - 1);
        _groups.Insert(0, waiting);
    }

    /// <summary>Whether a sequence may be in the step that is being assembled.</summary>
    public bool Admits(GenerationSequence sequence) => _inHand ? sequence.Suspects == _groups[^1] : sequence.Suspects is null;

    /// <summary>Records a failed step. Its sequences become suspects.</summary>
    /// <returns>The sequence that failed alone and is the cause (no longer a suspect), or null if the search goes on.</returns>
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

        // The first half is tried first, so it is added last.
        var half = (step.Length + 1) / 2;
        Add(step[half..], search);
        Add(step[..half], search);
        return null;
    }

    /// <summary>Records a successful step of a sequence.</summary>
    public void Passed(GenerationSequence sequence)
    {
        if (sequence.Suspects is not { } group || sequence.Computed < sequence.SuspectUntil) return;
        Leave(sequence);
        group.Search.Passed++;
        End(group.Search);
    }

    /// <summary>Removes a sequence that ended before it could pass or fail: it was cancelled, or its stream failed.</summary>
    public void Forget(GenerationSequence sequence)
    {
        if (sequence.Suspects is not { } group) return;
        Leave(sequence);
        End(group.Search);
    }

    /// <summary>Records a successful step.</summary>
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

/// <summary>Suspects that run in the same step.</summary>
/// <param name="search">The search that the group belongs to.</param>
internal sealed class SuspectGroup(FaultSearch search)
{
    public FaultSearch Search { get; } = search;

    public int Members { get; set; }
}

/// <summary>The search for the cause of one failed step.</summary>
internal sealed class FaultSearch
{
    /// <value>Suspects that have neither been cleared nor failed alone.</value>
    public int Open { get; set; }

    /// <value>Suspects that failed alone.</value>
    public int Found { get; set; }

    /// <value>Suspects that got past the position where their step had failed.</value>
    public int Passed { get; set; }
}
