namespace Meridian.Timing;

/// <summary>
/// The pauses between attempts that fail: the first pause, then twice the last pause, up to the longest. A pure function: the caller counts the failures and
/// waits.
/// </summary>
/// <param name="First">Pause after the first failure.</param>
/// <param name="Longest">Longest pause.</param>
public readonly record struct Backoff(TimeSpan First, TimeSpan Longest)
{
    // A shift by more than 62 bits overflows. Any longest pause is reached before.
    private const int MostDoublings = 62;

    /// <param name="failures">Failures in a row.</param>
    /// <returns>The pause before the next attempt; zero without a failure.</returns>
    public TimeSpan After(long failures)
    {
        if (failures <= 0)
            return TimeSpan.Zero;
        var doubled = First.Ticks * (double)(1L << (int)Math.Min(failures - 1, MostDoublings));
        return doubled < Longest.Ticks ? TimeSpan.FromTicks((long)doubled) : Longest;
    }

    /// <summary>A pause in the upper half of <see cref="After(long)"/>, so that callers that failed together do not come back together.</summary>
    /// <param name="failures">Failures in a row.</param>
    /// <param name="draw">A random number from 0 to 1.</param>
    public TimeSpan After(long failures, double draw) => After(failures) * (0.5 + (0.5 * draw));
}
