namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Measures the token times and lengths of sequences for routers. Not thread-safe.</summary>
/// <param name="aloneMs">Measured time of a step of one generating sequence, ms.</param>
/// <param name="slots">Number of sequences that can run at once.</param>
/// <param name="time">Clock of the timestamps.</param>
internal sealed class TokenTimes(double aloneMs, int slots, TimeProvider time)
{
    private const float Smoothing = 0.1f;

    private readonly ServiceTime _step = new((float)aloneMs, time.GetTimestamp(), time);
    private float _aloneMs = (float)aloneMs;
    private float _tokens;

    /// <summary>
    /// Records a step that gave running sequences a token. Its time includes the prompts that the step computed and the replay steps before it, because the
    /// sequences waited for both.
    /// </summary>
    /// <param name="elapsedMs">Time since the sequences last got a token, ms.</param>
    /// <param name="aloneMs">Current time of a step of one sequence, ms.</param>
    /// <param name="ended">Timestamp of the end of the step.</param>
    public void Step(double elapsedMs, double aloneMs, long ended)
    {
        _step.Add((float)elapsedMs, ended);
        _aloneMs = (float)aloneMs;
    }

    /// <summary>Records the length of a finished sequence, in tokens. Cancelled and failed sequences are not counted.</summary>
    public void Ended(int tokens) => _tokens = _tokens == 0 ? tokens : _tokens + (Smoothing * (tokens - _tokens));

    /// <summary>The pace that a new sequence can expect.</summary>
    /// <param name="busy">Whether any sequence runs.</param>
    /// <param name="at">Timestamp of the request.</param>
    public SequencePace Expect(bool busy, long at) => new(_step.Expect(busy, at), _aloneMs, _tokens, slots);
}
