namespace Meridian.Routing.Tables;

/// <summary>What waits in a region, so that more or less of it can be reckoned with.</summary>
/// <param name="Queued">Items that wait.</param>
/// <param name="Free">Items that would be worked on at once before one has to wait.</param>
/// <param name="PaceMs">Time in which one of the waiting is taken up, ms.</param>
internal readonly record struct Backlog(double Queued, double Free, double PaceMs)
{
    private const double MostMs = 3_600_000;

    /// <summary>Time until all are taken up, with so many more items than were reported, ms.</summary>
    public double QueueMs(double more) => Math.Clamp((Queued + more - Free) * PaceMs, 0, MostMs);
}
