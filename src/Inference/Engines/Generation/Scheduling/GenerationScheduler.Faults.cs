using Meridian.Inference.Decoders.Contract;

namespace Meridian.Inference.Engines.Generation.Scheduling;

// Failed steps, and an engine that cannot continue.
internal sealed partial class GenerationScheduler
{
    private readonly StepTrials _trials = new();
    private readonly TaskCompletionSource<Exception> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <value>Completes with the reason when the thread cannot continue. Never faults. Disposing the scheduler does not complete it.</value>
    public Task<Exception> Lost => _lost.Task;

    /// <summary>
    /// Assembles the rows of a step. Suspects run in steps apart from the other sequences, see <see cref="StepTrials"/>. If the group whose turn it is
    /// has nothing to compute, the next group or the other sequences get the turn.
    /// </summary>
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
    /// Handles a failed step. The slots of its rows no longer hold usable content, and the kept prefixes are not trusted. All slots of the step and all
    /// kept prefixes are dropped. The sequences compute everything again, in steps that show which sequence causes the failure.
    /// </summary>
    /// <exception cref="InvalidOperationException">The engine is at fault, not a sequence.</exception>
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

        // Every stage passed this test when it was loaded. If it fails now, the stage is broken and no search is needed.
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

    /// <summary>Empties a slot. The ledger still counts the slot as taken.</summary>
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

    /// <summary>Fails every stream, so that callers continue at another replica, and reports the reason. Must not throw.</summary>
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

    /// <summary>The stage cannot empty a slot, so nothing that it holds can be trusted.</summary>
    private sealed class StageLostException(int slot, Exception cause) : Exception($"Slot {slot} of the cache could not be emptied: {cause.Message}", cause);
}
