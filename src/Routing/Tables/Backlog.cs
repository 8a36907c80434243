namespace Meridian.Routing.Tables;

/// <summary>The waiting work of a region. It predicts the waiting time for a given number of further items.</summary>
/// <param name="Queued">Waiting items.</param>
/// <param name="Free">Further items that would start at once.</param>
/// <param name="PaceMs">Average time between two starts of waiting items, ms.</param>
internal readonly record struct Backlog(double Queued, double Free, double PaceMs)
{
    private const double MostMs = 3_600_000;

    /// <summary>Time until all items have started, ms, if <paramref name="more"/> more items are in the region than it reported.</summary>
    public double QueueMs(double more) => Math.Clamp((Queued + more - Free) * PaceMs, 0, MostMs);
}
