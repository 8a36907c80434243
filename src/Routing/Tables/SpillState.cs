using Meridian.Routing.Options;

namespace Meridian.Routing.Tables;

/// <summary>
/// The share of its requests that a region keeps under <c>spill-over</c>, as its queue grows and shrinks.
///
/// The share is halved when the queue is above the high-water mark. It rises in equal steps after the queue has stayed below the low-water mark for a while.
/// Between the marks nothing changes. Additive increase and multiplicative decrease (D. Chiu, R. Jain, "Analysis of the increase and decrease algorithms for
/// congestion avoidance", 1989) settle at a share where the region is busy but not overloaded.
///
/// Immutable. The next state is a function of this state, the queue and the time.
/// </summary>
/// <param name="Share">0 to 1.</param>
/// <param name="CutAgainMs">The share is not cut again before this time, because the requests from before the last cut must drain first.</param>
/// <param name="RaiseMs">Time of the next rise if the queue stays low until then; <see cref="long.MaxValue"/> while the queue is not low.</param>
internal sealed record SpillState(double Share, long CutAgainMs, long RaiseMs)
{
    /// <summary>Delay until a change of a queue is visible, ms: one heartbeat and one round trip.</summary>
    internal const long SeenAfterMs = 300;

    internal const long StepMs = 250;
    internal const double Step = 0.05;
    private const double Least = 1.0 / 32;

    public static SpillState Whole { get; } = new(1, long.MinValue, long.MaxValue);

    /// <summary>The state that follows; this state itself if nothing changes.</summary>
    /// <param name="queueMs">The region's queue, ms of waiting.</param>
    /// <param name="nowMs">Time of a monotonic clock, ms.</param>
    /// <param name="options">The high-water and low-water marks.</param>
    public SpillState Next(double queueMs, long nowMs, RoutingOptions options)
    {
        if (queueMs > options.HighWaterMs)
        {
            if (nowMs < CutAgainMs)
                return RaiseMs == long.MaxValue ? this : this with { RaiseMs = long.MaxValue };
            if (Share == 0 && RaiseMs == long.MaxValue)
                return this;
            var cut = Share / 2;
            return new SpillState(cut < Least ? 0 : cut, nowMs + SeenAfterMs + (long)(2 * queueMs), long.MaxValue);
        }

        if (queueMs >= options.LowWaterMs)
            return RaiseMs == long.MaxValue ? this : this with { RaiseMs = long.MaxValue };
        if (Share >= 1)
            return this;
        if (RaiseMs == long.MaxValue)
            return this with { RaiseMs = nowMs + (long)options.LowWaterFor.TotalMilliseconds };
        if (nowMs < RaiseMs)
            return this;
        var share = Math.Min(1, Share + Step);
        return share == 1 ? Whole : this with { Share = share, RaiseMs = nowMs + StepMs };
    }
}
