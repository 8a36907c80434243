namespace Meridian.Inference.Engines.Generation.Scheduling;

// How long the generated tokens of a reproducible sequence may be computed again one by one, and what that costs the others.
internal sealed partial class GenerationScheduler
{
    /// <summary>
    /// Time for steps of replays alone, relative to a step of all sequences; at most <see cref="StepPace.LongestPromptStepMs"/>. Until a text that moved goes on, which is within
    /// <see cref="EngineOptions.ExactReplay"/>, it gets no token at all, and the others few: to hand a step's tokens to their readers can cost the machine more than the step.
    /// </summary>
    private const double ReplayShare = 16;

    /// <summary>Share of the bound that is kept for the prompt, and for computing in pieces whatever is missing when a text goes on at once.</summary>
    private const double KeptShare = 0.2;

    /// <summary>Share of the time that passes before steps are a measure of those to come: the first ones also compute the prompts of all that moved together.</summary>
    private const double Settling = 0.25;

    /// <summary>Steps that make a pace; fewer after half of the time.</summary>
    private const int PaceSteps = 12;

    private int _replayRows;

    // Time left for steps of replays alone; ms.
    private double _replayCreditMs;

    // Time of the steps of replays alone since the last step that gave running sequences a token; ms.
    private double _replayedMs;

    private double AllowedMs => _options.ExactReplay.TotalMilliseconds * (1 - KeptShare);

    /// <summary>
    /// Between two steps of all sequences, texts that moved are computed again in steps of their own, for <see cref="ReplayShare"/> of the time of such a step: as with prompts, the
    /// others become slower by a known factor, and a text that moved is soon where it was. False: there is none, or its time is used up.
    /// </summary>
    private bool PutReplaysTogether()
    {
        if (_replayCreditMs <= 0)
            return false;
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.Moved && sequence.Replays && !sequence.Stream.IsCancelled && _trials.Admits(sequence))
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

    /// <summary>Takes in what a step took. Returns the time since running sequences got a token before, ms.</summary>
    private double ShareWithReplays(double elapsedMs)
    {
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

    /// <summary>
    /// A sequence has lost what its slot held, or never had it here. Where its replay would pass the bound even if it ran alone, it goes on at once, and its answer says that it is not exact.
    /// </summary>
    private void BoundReplay(GenerationSequence sequence)
    {
        sequence.ReplaySince = null;
        sequence.ReplayPace = null;
        var expectedMs = sequence.Replay * _pace.DecodeMs(1);
        if (sequence.Replay > 0 && (expectedMs > AllowedMs || AllowedMs <= 0))
            GoOnInexactly(sequence, expectedMs);
    }

    /// <summary>
    /// Whether a sequence that is being computed again keeps within the bound. Steps can be slower than one of it alone: others run beside it, or the machine has other work.
    /// False: it goes on at once.
    /// </summary>
    private bool StaysExact(GenerationSequence sequence)
    {
        var now = Time.GetTimestamp();
        sequence.ReplaySince ??= now;
        var elapsedMs = Time.GetElapsedTime(sequence.ReplaySince.Value, now).TotalMilliseconds;
        if (sequence.Replay == 0 || elapsedMs < AllowedMs * Settling)
            return true;
        sequence.ReplayPace ??= (now, sequence.Computed);
        var (since, before) = sequence.ReplayPace.Value;
        var steps = sequence.Computed - before;
        var expectedMs = elapsedMs;
        if (steps > 0)
            expectedMs += sequence.Replay * Time.GetElapsedTime(since, now).TotalMilliseconds / steps;
        if (expectedMs <= AllowedMs || (steps < PaceSteps && elapsedMs <= AllowedMs / 2))
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
