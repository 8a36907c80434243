namespace Meridian.Federation.Liveness;

/// <summary>
/// Smooths round trips. Everything that disturbs a sample (a busy thread pool, a garbage collection, a full core) only ever lengthens it, so the least of the
/// last ten samples (two seconds of beats) is the one nearest to the network's own time (the reasoning of NTP's clock filter, RFC 5905 section 10); the exponential average
/// after it keeps a single lucky sample from moving the choice of region.
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

    /// <param name="sampleMs">One round trip, ms. A negative or undefined one is ignored.</param>
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
