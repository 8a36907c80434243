namespace Meridian.Silo.Dev;

/// <summary>
/// How long to wait before a child that exited is started again: not at all the first time, then 0.5 s doubling up to <see cref="Cap"/>.
/// <see cref="HealthyAfter"/> of health make the next exit a first one again. A pure function: the caller brings the count and the time.
/// </summary>
public static class RestartPolicy
{
    /// <value>Delay before the second start in a row.</value>
    public static readonly TimeSpan Base = TimeSpan.FromMilliseconds(500);

    /// <value>Longest delay.</value>
    public static readonly TimeSpan Cap = TimeSpan.FromSeconds(10);

    /// <value>Health that clears the count.</value>
    public static readonly TimeSpan HealthyAfter = TimeSpan.FromSeconds(30);

    /// <param name="exits">Exits in a row so far, this one not included.</param>
    /// <param name="healthyFor">How long the child had been ready when it exited; zero where it never was.</param>
    /// <returns>The delay, and the exits in a row with this one.</returns>
    public static (TimeSpan Delay, int Exits) Next(int exits, TimeSpan healthyFor)
    {
        if (healthyFor >= HealthyAfter)
        {
            exits = 0;
        }

        if (exits == 0)
        {
            return (TimeSpan.Zero, 1);
        }

        // Beyond 2^16 the cap has long been reached; stopping there keeps the shift and the count from overflowing.
        var doublings = Math.Min(exits - 1, 16);
        var delay = Base * (1 << doublings);
        return (delay < Cap ? delay : Cap, Math.Min(exits + 1, 17 + 1));
    }
}
