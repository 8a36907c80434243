using System.Globalization;

namespace Meridian.Load;

/// <summary>The ratio of two figures that were measured in pairs, as the mean of the pairs' logarithms, with its 95 % interval by Student's t.</summary>
/// <param name="Pairs">Number of pairs.</param>
/// <param name="Mean">Geometric mean of the ratios.</param>
/// <param name="Low">Lower end of the interval; 0 with a single pair.</param>
/// <param name="High">Upper end; infinite with a single pair.</param>
public readonly record struct PairedRatio(int Pairs, double Mean, double Low, double High)
{
    /// <summary>From pairs of positive figures, each measured side by side.</summary>
    public static PairedRatio Of(IReadOnlyList<(double Figure, double Baseline)> pairs)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pairs.Count);
        var logs = pairs.Select(pair => Math.Log(pair.Figure / pair.Baseline)).ToArray();
        var mean = logs.Average();
        if (logs.Length == 1)
        {
            return new PairedRatio(1, Math.Exp(mean), 0, double.PositiveInfinity);
        }

        var deviation = Math.Sqrt(logs.Sum(log => (log - mean) * (log - mean)) / (logs.Length - 1));
        var half = Student(logs.Length - 1) * deviation / Math.Sqrt(logs.Length);
        return new PairedRatio(logs.Length, Math.Exp(mean), Math.Exp(mean - half), Math.Exp(mean + half));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mean:0.000} ({Low:0.000} to {High:0.000})");

    /// <summary>Student's t of 97.5 %, by the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5).</summary>
    private static double Student(int freedom)
    {
        const double Z = 1.959964;
        double n = freedom;
        var z3 = Math.Pow(Z, 3);
        var z5 = Math.Pow(Z, 5);
        return Z + ((z3 + Z) / (4 * n)) + (((5 * z5) + (16 * z3) + (3 * Z)) / (96 * n * n)) + (((3 * Math.Pow(Z, 7)) + (19 * z5) + (17 * z3) - (15 * Z)) / (384 * Math.Pow(n, 3)));
    }
}
