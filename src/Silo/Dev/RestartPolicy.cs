using Meridian.Timing;

namespace Meridian.Silo.Dev;

/// <summary>
/// The back-off before an exited child is restarted: no delay after the first exit, then 0.5 s, doubled up to <see cref="Cap"/>. After the child was healthy
/// for <see cref="HealthyAfter"/>, its next exit counts as a first one again. A pure function: the caller supplies the count and the time.
/// </summary>
public static class RestartPolicy
{
    /// <value>Delay after the second exit in a row.</value>
    public static readonly TimeSpan Base = TimeSpan.FromMilliseconds(500);

    /// <value>Longest delay.</value>
    public static readonly TimeSpan Cap = TimeSpan.FromSeconds(10);

    /// <value>The time in good health that resets the count.</value>
    public static readonly TimeSpan HealthyAfter = TimeSpan.FromSeconds(30);

    /// <param name="exits">Exits in a row so far, without this one.</param>
    /// <param name="healthyFor">How long the child had been ready when it exited; zero if it never was.</param>
    /// <returns>The delay, and the number of exits in a row including this one.</returns>
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

        // The cap is reached long before the limit, which keeps the count from overflowing.
        return (new Backoff(Base, Cap).After(exits), Math.Min(exits + 1, 18));
    }
}
