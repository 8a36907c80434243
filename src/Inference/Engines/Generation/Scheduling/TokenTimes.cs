namespace Meridian.Inference.Engines.Generation.Scheduling;

/// <summary>Times and lengths of sequences as routers weigh them. Not safe for several threads at once.</summary>
/// <param name="aloneMs">A step of one generating sequence, measured; ms.</param>
/// <param name="slots">Sequences that can run at once.</param>
/// <param name="time">Clock of the timestamps.</param>
internal sealed class TokenTimes(double aloneMs, int slots, TimeProvider time)
{
    private const float Smoothing = 0.1f;

    private readonly ServiceTime _step = new((float)aloneMs, time.GetTimestamp(), time);
    private float _aloneMs = (float)aloneMs;
    private float _tokens;

    /// <summary>Takes in a step that brought running sequences a token: with the prompts that it computed beside, and the steps of texts that moved before it, which they waited for.</summary>
    /// <param name="elapsedMs">Time since they got a token before.</param>
    /// <param name="aloneMs">What a step of one sequence takes as of now.</param>
    /// <param name="ended">Timestamp.</param>
    public void Step(double elapsedMs, double aloneMs, long ended)
    {
        _step.Add((float)elapsedMs, ended);
        _aloneMs = (float)aloneMs;
    }

    /// <summary>Takes in the length of a sequence that has ended by itself.</summary>
    public void Ended(int tokens) => _tokens = _tokens == 0 ? tokens : _tokens + (Smoothing * (tokens - _tokens));

    /// <summary>What a sequence that came now would find.</summary>
    /// <param name="busy">Whether any runs.</param>
    /// <param name="at">Timestamp.</param>
    public SequencePace Expect(bool busy, long at) => new(_step.Expect(busy, at), _aloneMs, _tokens, slots);
}
