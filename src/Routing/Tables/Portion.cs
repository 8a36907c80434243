using Meridian.Routing.Snapshots;

namespace Meridian.Routing.Tables;

/// <summary>How much of its requests a region is given.</summary>
/// <param name="Weight">Of its fair share, 0 to 1; the rest goes to others of the same standing while there are any.</param>
/// <param name="HalfOpen">Its breaker tries it again: all but a small share of the requests take it for broken.</param>
internal readonly record struct Portion(double Weight, bool HalfOpen)
{
    public bool IsWhole => Weight >= 1 && !HalfOpen;

    // An undefined weight is no reason to keep requests away.
    public static Portion Of(RegionView view) =>
        new(double.IsNaN(view.Weight) ? 1 : Math.Clamp(view.Weight, 0, 1), view.Breaker == BreakerState.HalfOpen);
}
