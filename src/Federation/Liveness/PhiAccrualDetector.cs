namespace Meridian.Federation.Liveness;

/// <summary>
/// Measures how improbable a silence is, on a scale on which applications can set thresholds: N. Hayashibara, X. Defago, R. Yared, T. Katayama, "The phi
/// accrual failure detector", SRDS 2004.
/// <para>
/// phi(t) = -log10(1 - F(t)), with t the time since the last arrival and F the normal distribution with the mean and deviation of the last arrivals' intervals:
/// phi = n means that a live sender causes a silence this long once in 10^n. Two additions from practice: an acceptable pause (garbage collection, a busy
/// machine) is added to the mean; and the deviation has a minimum, otherwise any delay after very regular arrivals would look like a death.
/// The tail of F is taken from the logistic approximation F(y) = 1 / (1 + exp(-y (1.5976 + 0.070566 y^2))), y = (t - mean - pause) / deviation
/// (error below 0.00014; S. Bowling et al., JIEM 2009), whose logarithm stays finite far out in the tail.
/// </para>
/// <para>
/// Reads no clock: it gets all times as arguments. With the default options (200 ms, pause 1 s, deviation at least 320 ms) phi is 1 after 1.6 s and 8 after
/// 2.9 s of silence.
/// Not thread-safe.
/// </para>
/// </summary>
public sealed class PhiAccrualDetector
{
    private readonly double[] _intervals;
    private readonly double _expectedMs;
    private readonly double _pauseMs;
    private readonly double _minStdDevMs;
    private int _count;
    private int _next;
    private double _lastMs;

    /// <param name="expectedInterval">Interval that is assumed until two intervals have been measured.</param>
    /// <param name="acceptablePause">Silence beyond the mean that causes no suspicion.</param>
    /// <param name="minStdDev">Least standard deviation, above zero.</param>
    /// <param name="window">Number of intervals that are remembered, 2 or more.</param>
    public PhiAccrualDetector(TimeSpan expectedInterval, TimeSpan acceptablePause, TimeSpan minStdDev, int window = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(minStdDev, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 2);
        _intervals = new double[window];
        _expectedMs = expectedInterval.TotalMilliseconds;
        _pauseMs = acceptablePause.TotalMilliseconds;
        _minStdDevMs = minStdDev.TotalMilliseconds;
    }

    /// <summary>Forgets all arrivals: the following ones come from a new sender.</summary>
    /// <param name="nowMs">Time of the new sender's first arrival, ms.</param>
    public void Reset(double nowMs)
    {
        _count = 0;
        _next = 0;
        _lastMs = nowMs;
    }

    /// <param name="nowMs">Time of the arrival on any monotonic clock, ms. An arrival before the last one is ignored.</param>
    public void Heard(double nowMs)
    {
        var interval = nowMs - _lastMs;
        if (!(interval >= 0))
            return;
        _lastMs = nowMs;
        _intervals[_next] = interval;
        _next = (_next + 1) % _intervals.Length;
        _count = Math.Min(_count + 1, _intervals.Length);
    }

    /// <summary>The suspicion. Near 0 for none; it rises with the silence, without bound.</summary>
    /// <param name="nowMs">Present time on the clock of <see cref="Heard"/>, ms.</param>
    public double Phi(double nowMs)
    {
        var (mean, deviation) = Distribution();
        var y = (nowMs - _lastMs - mean - _pauseMs) / deviation;
        var exponent = y * (1.5976 + (0.070566 * y * y));

        // log10(1 + e^x), without overflow for large x and without loss for very negative x.
        var ln = exponent > 0 ? exponent + double.LogP1(Math.Exp(-exponent)) : double.LogP1(Math.Exp(exponent));
        return ln / Math.Log(10);
    }

    private (double Mean, double Deviation) Distribution()
    {
        if (_count < 2)
            return (_expectedMs, Math.Max(_expectedMs / 4, _minStdDevMs));
        double sum = 0;
        for (var i = 0; i < _count; i++)
            sum += _intervals[i];
        var mean = sum / _count;
        double squares = 0;
        for (var i = 0; i < _count; i++)
            squares += (_intervals[i] - mean) * (_intervals[i] - mean);
        return (mean, Math.Max(Math.Sqrt(squares / _count), _minStdDevMs));
    }
}
