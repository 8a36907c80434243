using Meridian.Routing.Options;

namespace Meridian.Routing.Tables;

/// <summary>
/// What a region keeps of the requests that would go to it, as its queue rises and falls: halved past the high-water mark, given back in equal steps once it has stayed below the low-water mark;
/// additive increase and multiplicative decrease (D. Chiu, R. Jain, "Analysis of the increase and decrease algorithms for congestion avoidance", 1989) settle where the region is busy and not flooded.
/// Between the marks nothing changes. Immutable; the next state is a function of this one, the queue and the time.
/// </summary>
/// <param name="Share">0 to 1.</param>
/// <param name="CutAgainMs">Before this time the share is not cut again: what was sent before the last cut still has to drain.</param>
/// <param name="RaiseMs">When the share rises next if the queue stays low until then; <see cref="long.MaxValue"/> while it is not low.</param>
internal sealed record SpillState(double Share, long CutAgainMs, long RaiseMs)
{
    /// <summary>A beat and a round trip: a queue is seen no sooner.</summary>
    internal const long SeenAfterMs = 300;

    internal const long StepMs = 250;
    internal const double Step = 0.05;
    private const double Least = 1.0 / 32;

    public static SpillState Whole { get; } = new(1, long.MinValue, long.MaxValue);

    /// <summary>The state that follows; this one where nothing changes.</summary>
    /// <param name="queueMs">The region's queue, ms of waiting.</param>
    /// <param name="nowMs">Of a clock that never goes back.</param>
    /// <param name="options">Marks.</param>
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
