namespace Meridian.Federation.Liveness;

/// <summary>
/// Smooths round trips. Every disturbance of a sample (a busy thread pool, a garbage collection, a loaded core) makes the sample longer, never shorter. So
/// the smallest of the last ten samples (two seconds of beats) is the one closest to the network's own time (as in NTP's clock filter, RFC 5905 section 10).
/// An exponential average follows, so that a single lucky sample does not change the choice of region.
/// Not thread-safe.
/// </summary>
public sealed class RoundTripEstimator
{
    private const double Weight = 0.2;
    private readonly double[] _recent = new double[10];
    private int _count;
    private int _next;

    /// <value>Smoothed round trip, ms; NaN before the first sample.</value>
    public double Ms { get; private set; } = double.NaN;

    /// <param name="sampleMs">One round trip, ms. A negative or undefined sample is ignored.</param>
    public void Add(double sampleMs)
    {
        if (!(sampleMs >= 0) || double.IsInfinity(sampleMs))
            return;
        _recent[_next] = sampleMs;
        _next = (_next + 1) % _recent.Length;
        _count = Math.Min(_count + 1, _recent.Length);
        var least = sampleMs;
        for (var i = 0; i < _count; i++)
            least = Math.Min(least, _recent[i]);
        Ms = double.IsNaN(Ms) ? least : Ms + (Weight * (least - Ms));
    }

    public void Reset()
    {
        _count = 0;
        _next = 0;
        Ms = double.NaN;
    }
}
