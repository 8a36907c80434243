namespace Meridian.Inference.Engines.Generation.Scheduling;

// How long the generated tokens of a reproducible sequence may be computed again one by one.
internal sealed partial class GenerationScheduler
{
    /// <summary>Time for steps of replays alone, relative to a step of all sequences: for at most <see cref="EngineOptions.ExactReplay"/> the others get a token in five steps' time, and those that moved get none.</summary>
    private const double ReplayShare = 4;

    private const double StepSmoothing = 0.05;

    /// <summary>Share of the bound that is kept for computing in pieces whatever is missing when a sequence goes on.</summary>
    private const double KeptShare = 0.15;

    /// <summary>Share of the bound that passes before steps are taken as a measure of those to come: the first steps also compute the prompts of all that moved together.</summary>
    private const double Settling = 0.5;

    private int _replayRows;

    // A step of late, with whatever rows are in it; ms.
    private double _stepMs;

    // Time left for steps of replays alone; ms.
    private double _replayCreditMs;

    // Since running sequences got a token: what steps of replays alone took; ms.
    private double _replayedMs;

    /// <summary>
    /// Between two steps of all sequences, those that are computed again take steps of their own, for <see cref="ReplayShare"/> of the time of such a step: as with prompts, the
    /// others become slower by a known factor, and a stream that moved is soon where it was. False: there is none, or its time is used up.
    /// </summary>
    private bool PutReplaysTogether()
    {
        if (_replayCreditMs <= 0)
            return false;
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.PiecePending <= 1 && sequence.Pending > 1 && !sequence.Stream.IsCancelled && _trials.Admits(sequence))
                AddReplay(sequence);
        }

        if (_rowCount == 0)
            _replayCreditMs = 0;
        return _rowCount > 0;
    }

    /// <summary>Adds a token that was generated before and is computed again: nothing is chosen after it.</summary>
    private void AddReplay(GenerationSequence sequence)
    {
        if (!StaysExact(sequence))
            return;
        AddRow(sequence, 1);
        _decodeRows++;
        _replayRows++;
    }

    /// <summary>Takes in what a step took. Returns the time since running sequences got a token before.</summary>
    private double ShareWithReplays(double elapsedMs)
    {
        _stepMs += StepSmoothing * (elapsedMs - _stepMs);
        if (_replayCreditMs > 0)
        {
            _replayCreditMs -= elapsedMs;
            _replayedMs += elapsedMs;
            return _replayedMs;
        }

        if (_replayRows > 0 && _replayRows < _rowCount)
            _replayCreditMs = Math.Min(StepPace.LongestPromptStepMs, ReplayShare * _pace.DecodeMs(_decodeRows));
        var sinceTokensMs = _replayedMs + elapsedMs;
        _replayedMs = 0;
        return sinceTokensMs;
    }

    // Some of the bound is kept for computing in pieces whatever is missing then.
    private double AllowedMs => _options.ExactReplay.TotalMilliseconds * (1 - KeptShare);

    /// <summary>A sequence begins to be computed again. Where the steps that this takes would pass the bound even if it ran alone, it goes on at once, and its answer says that it is not exact.</summary>
    private void BoundReplay(GenerationSequence sequence)
    {
        sequence.ReplaySince = Time.GetTimestamp();
        var expectedMs = sequence.Replay * _pace.DecodeMs(1);
        if (expectedMs > AllowedMs || (sequence.Replay > 0 && AllowedMs <= 0))
            GoOnInexactly(sequence, expectedMs);
    }

    /// <summary>
    /// Whether a sequence that is being computed again keeps within the bound. Steps can be slower than one of it alone: others run beside it, or the machine has other work.
    /// False: it goes on at once.
    /// </summary>
    private bool StaysExact(GenerationSequence sequence)
    {
        var elapsedMs = Time.GetElapsedTime(sequence.ReplaySince).TotalMilliseconds;
        var expectedMs = elapsedMs + (sequence.Replay * _stepMs);
        if (elapsedMs < AllowedMs * Settling || expectedMs <= AllowedMs)
            return true;
        GoOnInexactly(sequence, expectedMs);
        return false;
    }

    /// <summary>Computes what is missing in pieces, as a prompt.</summary>
    private void GoOnInexactly(GenerationSequence sequence, double expectedMs)
    {
        Log.ReplayedFast(_logger, _model, sequence.Choice, sequence.Replay, expectedMs, AllowedMs, _options.ExactReplay.TotalMilliseconds);
        sequence.Reproducible = false;
        sequence.Stream.MarkInexact();
    }
}
