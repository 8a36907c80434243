using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Engines.Generation.Scheduling;

// Steps that fail, and an engine that cannot go on.
internal sealed partial class GenerationScheduler
{
    private readonly StepTrials _trials = new();
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <value>Completes with the reason when the thread cannot go on; never faults. A scheduler that is disposed is not lost.</value>
    public Task<Exception> Lost => _lost.Task;

    /// <summary>Puts a step together. Suspects step apart from the others, see <see cref="StepTrials"/>; where those whose turn it is have nothing to do, the others have it.</summary>
    private void PutStepTogether()
    {
        for (var turns = _trials.Turns; turns > 0; turns--)
        {
            _trials.NextTurn();
            PutTogether();
            if (_rowCount > 0) return;
            _trials.PassOver();
        }
    }

    /// <summary>
    /// After a run that failed. The slots of its rows hold nothing of use any more, and no kept prefix is trusted: all of that is computed again, in steps that tell whose fault it is.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is the engine's.</exception>
    private void SearchFault(ReadOnlySpan<DecoderRow> rows, Exception reason)
    {
        var sequences = _rowSequences.AsSpan(0, rows.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            var sequence = sequences[i];
            if (rows[i].WantsLogits) sequence.Stream.Unreserve();
            sequence.SuspectUntil = rows[i].Start + rows[i].Count;
            sequence.Computed = 0;
            sequence.Roles = default;
            BoundReplay(sequence);
            Empty(sequence.Slot);
        }

        while (_ledger.Oldest(null) is { } kept) GiveUp(kept);

        // What every stage could do when it was loaded: one that cannot do it any more needs no search.
        try
        {
            StageWarmUp.Probe(_stage, _rowSequences[0].Slot, _ledger.Budget);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"A step failed ({reason.Message}), and so does the run of a few tokens that went well when the model was loaded: {e.Message}", reason);
        }

        Empty(_rowSequences[0].Slot);
        var start = rows[0].Start;
        if (_trials.Failed(sequences) is { } cause)
        {
            Log.SequenceFailed(_logger, _model, cause.Choice, start + 1, cause.SuspectUntil, reason);
            cause.Stream.Fail(new FailedAloneException(_model, $"tokens {start + 1} to {cause.SuspectUntil} of choice {cause.Choice}", reason));
        }

        ForgetFailed();
        if (_trials.EngineIsAtFault)
            throw new InvalidOperationException($"Steps go on failing, and it is no single sequence that makes them fail. The last failed with: {reason.Message}", reason);
    }

    /// <summary>Empties a slot that stays taken.</summary>
    private void Empty(int slot)
    {
        try
        {
            _stage.Release(slot);
        }
        catch (Exception e)
        {
            throw new StageLostException(slot, e);
        }
    }

    /// <summary>Ends everything for callers, who go on elsewhere, and says why. Nothing in it may fail.</summary>
    private void Abandon(Exception why)
    {
        Log.Lost(_logger, _model, why);
        var reason = new EngineStoppedException(_model);
        bool disposed;
        lock (_gate)
        {
            disposed = _stopping;
            _stopping = true;
            _taken.AddRange(_incoming);
            _incoming.Clear();
        }

        _queue.RemoveAll(static _ => true, _removed);
        foreach (var sequence in (IEnumerable<GenerationSequence?>)[.. _running, .. _removed, .. _taken, .. _rowSequences])
            sequence?.Stream.Fail(reason);
        _taken.Clear();
        _removed.Clear();
        foreach (var stream in _touched) stream.Signal();
        _touched.Clear();
        Volatile.Write(ref _inUse, 0);
        Volatile.Write(ref _preempted, 0);
        if (!disposed) _lost.TrySetResult(why);
    }

    /// <summary>A stage that does not even empty a slot: nothing that it holds can be trusted.</summary>
    private sealed class StageLostException(int slot, Exception cause) : Exception($"Slot {slot} of the cache could not be emptied: {cause.Message}", cause);
}
