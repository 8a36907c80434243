namespace Meridian.Federation.Liveness;

/// <summary>
/// Time as far as this observer was able to hear. A process that was stopped, or whose thread pool was starved, has heard nothing and must not blame the regions
/// (local health awareness: A. Dadgar, J. Phillips, J. Currey, "Lifeguard: local health awareness for more accurate failure detection", 2018).
/// Being stopped is taken off the clock in full. A starved pool is forgiven up to a bound for each silence: without one, an observer that is always a little starved
/// would never find a frozen region.
/// Used on the liveness thread alone.
/// </summary>
internal sealed class ObserverClock(TimeProvider time, TimeSpan tick)
{
    private const double Tolerance = 2;
    private readonly double _tickMs = tick.TotalMilliseconds;
    private long _lastWake = time.GetTimestamp();

    /// <value>Time that this process did not run, ms, since the start.</value>
    public double StoppedMs { get; private set; }

    /// <value>Time that the thread pool did not serve, ms, since the start.</value>
    public double StarvedMs { get; private set; }

    /// <summary>Ms on a monotonic clock that stands while the process is stopped.</summary>
    public double Ms(long timestamp) => time.GetElapsedTime(0, timestamp).TotalMilliseconds - StoppedMs;

    /// <summary>Called whenever the liveness thread wakes, at least once a tick, before it reads any observation.</summary>
    public void Woke(long now)
    {
        var gap = time.GetElapsedTime(_lastWake, now).TotalMilliseconds;
        _lastWake = now;
        if (gap > Tolerance * _tickMs)
            StoppedMs += gap - _tickMs;
    }

    /// <summary>The pool did not run within a tick what the last tick gave it.</summary>
    public void PoolStarved() => StarvedMs += _tickMs;
}
