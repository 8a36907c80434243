namespace Meridian.Federation.Liveness;

/// <summary>
/// A clock that counts only the time in which this observer was able to hear. A process that was stopped, or whose thread pool was starved, has heard nothing
/// and must not blame the regions for it (local health awareness: A. Dadgar, J. Phillips, J. Currey, "Lifeguard: local health awareness for more accurate
/// failure detection", 2018).
/// <para>
/// The clock does not count time in which the process was stopped. Starved time is forgiven only up to a bound per silence. Without the bound, an observer
/// that is always slightly starved would never find a frozen region.
/// </para>
/// Only the liveness thread uses it.
/// </summary>
internal sealed class ObserverClock(TimeProvider time, TimeSpan tick)
{
    private const double Tolerance = 2;
    private readonly double _tickMs = tick.TotalMilliseconds;
    private long _lastWake = time.GetTimestamp();

    /// <value>Total time since the start in which this process did not run, ms.</value>
    public double StoppedMs { get; private set; }

    /// <value>Total time since the start in which the thread pool ran no work, ms.</value>
    public double StarvedMs { get; private set; }

    /// <summary>Milliseconds on a monotonic clock that does not advance while the process is stopped.</summary>
    public double Ms(long timestamp) => time.GetElapsedTime(0, timestamp).TotalMilliseconds - StoppedMs;

    /// <summary>Called whenever the liveness thread wakes, at least once a tick, before it reads any observation.</summary>
    public void Woke(long now)
    {
        var gap = time.GetElapsedTime(_lastWake, now).TotalMilliseconds;
        _lastWake = now;
        if (gap > Tolerance * _tickMs)
            StoppedMs += gap - _tickMs;
    }

    /// <summary>The thread pool did not run the work item of the last tick within one tick.</summary>
    public void PoolStarved() => StarvedMs += _tickMs;
}
