namespace Meridian.Inference.Engines;

/// <summary>
/// What an item takes in an engine, ms: an exponentially weighted mean that sinks while the engine is idle.
/// </summary>
/// <remarks>
/// Routers avoid a slow region, and an avoided region measures nothing: one bad moment (a start on a crowded machine) would keep it out for ever. So an idle engine's
/// figure sinks towards its best, by half every <see cref="HalfLifeMs"/>, until somebody tries it again. The best is itself doubted, by half every
/// <see cref="DoubtHalfLifeMs"/>: an engine that was only ever measured while it warmed up beside others knows nothing better. An engine that truly is slow costs one
/// attempt now and then.
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

    /// <summary>Takes in the time of an item of the batch that has just ended.</summary>
    public void Add(float itemMs, long ended)
    {
        Mean += Smoothing * (itemMs - Mean);
        _best = Math.Min(_best, itemMs);
        _lastRun = ended;
    }

    /// <summary>What an item that came now would likely take, ms.</summary>
    /// <param name="busy">Whether a batch is running: then the mean is as fresh as can be.</param>
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
