using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>The part of its requests that a region gets.</summary>
/// <param name="Weight">Part of its fair share, 0 to 1. The other requests go to regions of the same standing, if there are any.</param>
/// <param name="HalfOpen">The region's circuit breaker is half-open: only a small share of the requests tries the region, and the others treat its breaker as
/// open.</param>
internal readonly record struct Portion(double Weight, bool HalfOpen)
{
    public bool IsWhole => Weight >= 1 && !HalfOpen;

    // An undefined weight (NaN) must not keep requests away.
    public static Portion Of(RegionView view) =>
        new(double.IsNaN(view.Weight) ? 1 : Math.Clamp(view.Weight, 0, 1), view.Breaker == BreakerState.HalfOpen);
}
