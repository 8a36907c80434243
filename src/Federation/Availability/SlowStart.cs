namespace Meridian.Federation.Availability;

/// <summary>
/// The share of its fair load that a returned region gets. Its caches are cold and its code is not compiled yet, so the full load at once would make it fail
/// again.
/// The curve is Envoy's slow start mode (Envoy documentation, "Load balancing: slow start mode"): max(floor, (t / window)^(1 / aggression)).
/// </summary>
internal static class SlowStart
{
    /// <summary>Weight above 0 to 1.</summary>
    /// <param name="elapsed">Time since the region returned.</param>
    public static double Weight(TimeSpan elapsed, AvailabilityOptions options)
    {
        if (elapsed >= options.SlowStart)
            return 1;
        var way = Math.Max(elapsed / options.SlowStart, 0);
        return Math.Clamp(Math.Pow(way, 1 / options.SlowStartAggression), options.SlowStartFloor, 1);
    }
}
