namespace Meridian.Inference.Engines;

/// <summary>
/// The time of an item in an engine, ms: an exponentially weighted mean that decays while the engine is idle.
/// </summary>
/// <remarks>
/// The problem: routers avoid a slow region, and an avoided region measures nothing. One slow moment, such as a start on a busy machine, would exclude it for
/// ever.
/// <para>
/// The estimate of an idle engine therefore decays towards its best value: the difference halves every <see cref="HalfLifeMs"/>, until a request measures it
/// again. The best value may be wrong, too: an engine may have been measured only while it warmed up beside others. So the estimate also halves every
/// <see cref="DoubtHalfLifeMs"/>. An engine that is really slow costs one attempt now and then.
/// </para>
/// </remarks>
/// <param name="firstMs">First estimate, ms.</param>
/// <param name="now">Timestamp of <paramref name="time"/>.</param>
/// <param name="time">Clock of the timestamps.</param>
internal sealed class ServiceTime(float firstMs, long now, TimeProvider time)
{
    public const double HalfLifeMs = 2000;
    public const double DoubtHalfLifeMs = 10_000;
    private const float Smoothing = 0.1f;

    private float _best = firstMs;
    private long _lastRun = now;

    /// <value>Smoothed time of an item under load, ms.</value>
    public float Mean { get; private set; } = firstMs;

    /// <summary>Records the time of one item of a finished batch.</summary>
    public void Add(float itemMs, long ended)
    {
        Mean += Smoothing * (itemMs - Mean);
        _best = Math.Min(_best, itemMs);
        _lastRun = ended;
    }

    /// <summary>Expected time of an item that arrives now, ms.</summary>
    /// <param name="busy">Whether a batch runs. Then the mean is up to date and does not decay.</param>
    /// <param name="at">Timestamp.</param>
    public float Expect(bool busy, long at)
    {
        if (busy)
            return Mean;
        var idleMs = Math.Max(0, time.GetElapsedTime(_lastRun, at).TotalMilliseconds);
        var sunk = _best + ((Mean - _best) * Math.Pow(0.5, idleMs / HalfLifeMs));
        return (float)(sunk * Math.Pow(0.5, idleMs / DoubtHalfLifeMs));
    }
}
