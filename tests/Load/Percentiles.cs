using System.Globalization;

namespace Meridian.Load;

/// <summary>The shape of a set of times, in ms, by the nearest-rank method.</summary>
/// <param name="Count">Number of times.</param>
public readonly record struct Percentiles(int Count, double P50, double P90, double P99, double Max)
{
    public static Percentiles Of(IEnumerable<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToArray();
        return sorted.Length == 0 ? default : new Percentiles(sorted.Length, Rank(sorted, 0.50), Rank(sorted, 0.90), Rank(sorted, 0.99), sorted[^1]);
    }

    public static Percentiles Of(IEnumerable<TimeSpan> times) => Of(times.Select(t => t.TotalMilliseconds));

    public static double Median(IEnumerable<double> values) => Of(values).P50;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"n={Count} p50={P50:0.0} ms p90={P90:0.0} ms p99={P99:0.0} ms max={Max:0.0} ms");

    private static double Rank(double[] sorted, double quantile) => sorted[Math.Max(0, (int)Math.Ceiling(quantile * sorted.Length) - 1)];
}
