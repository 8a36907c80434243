namespace Meridian.Inference.Engines.Generation.Scheduling;

// Replay: a reproducible sequence that has lost its cache computes its generated tokens again, one by one. This file limits how long a replay may take, and
// how much it slows the other sequences down.
internal sealed partial class GenerationScheduler
{
    /// <summary>
    /// Time for steps that contain only replays, as a multiple of the time of a step of all sequences; at most <see cref="StepPace.LongestPromptStepMs"/>.
    /// The value is high because a moved sequence emits no token until its replay ends, which is within <see cref="EngineOptions.ExactReplay"/>.
    /// The other sequences emit few tokens meanwhile: handing a step's tokens to their readers can cost the machine more than the step itself.
    /// </summary>
    private const double ReplayShare = 16;

    /// <summary>
    /// Share of the time limit that is reserved: for the prompt, and for computing the missing tokens in pieces if the sequence stops its exact replay.
    /// </summary>
    private const double KeptShare = 0.2;

    /// <summary>
    /// Share of the time limit before the pace is measured. The first steps also compute the prompts of all sequences that moved together, so they are slower.
    /// </summary>
    private const double Settling = 0.25;

    /// <summary>Steps needed to measure the pace. After half of the time limit, fewer are enough.</summary>
    private const int PaceSteps = 12;

    private int _replayRows;

    // Time left for steps that contain only replays, ms.
    private double _replayCreditMs;

    // Time spent in steps that contain only replays, since the last step that gave running sequences a token; ms.
    private double _replayedMs;

    private double AllowedMs => _options.ExactReplay.TotalMilliseconds * (1 - KeptShare);

    /// <summary>
    /// Assembles a step that contains only replays of moved sequences. After a step of all sequences, such steps may run for <see cref="ReplayShare"/> times
    /// the time of that step. So the other sequences become slower by a known factor, as with prompts, and a moved sequence catches up soon.
    /// False: there is no replay to run, or its time is used up.
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

    /// <summary>Adds a row that computes an already generated token again. No token is sampled after it.</summary>
    private void AddReplay(GenerationSequence sequence)
    {
        if (!StaysExact(sequence))
            return;
        AddRow(sequence, 1);
        _decodeRows++;
        _replayRows++;
    }

    /// <summary>Records the time of a step. Returns the time since running sequences last got a token, ms.</summary>
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
    /// Checks the time limit when a sequence has lost the content of its slot, or starts here after a move. If its replay would exceed the limit even
    /// if it ran alone, the sequence continues at once, and its answer says that it is not exact.
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
    /// Whether a sequence under replay will stay within the time limit. Steps can be slower than a step of this sequence alone, because other sequences run in
    /// them or the machine does other work. False: the sequence stops its exact replay and continues at once.
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

    /// <summary>Gives up the exact replay: the missing tokens are computed in pieces, like a prompt.</summary>
    private void GoOnInexactly(GenerationSequence sequence, double expectedMs)
    {
        Log.ReplayedFast(_logger, _model, sequence.Choice, sequence.Replay, expectedMs, AllowedMs, _options.ExactReplay.TotalMilliseconds);
        sequence.Reproducible = false;
        sequence.Stream.MarkInexact();
    }
}
