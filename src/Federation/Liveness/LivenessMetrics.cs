using System.Diagnostics.Metrics;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Liveness;

/// <summary>
/// Meter <c>Meridian.Federation</c>. <c>meridian.liveness.changes</c>: changes of a region's health, by region and new health.
/// <c>meridian.breaker.changes</c>: changes of a region's breaker, by region and new state.
/// </summary>
internal static class LivenessMetrics
{
    private static readonly Meter Meter = new("Meridian.Federation");
    private static readonly Counter<long> Changes = Meter.CreateCounter<long>("meridian.liveness.changes", "{change}", "Changes of a region's health in this observer's eyes");

    private static readonly Counter<long> Breakers = Meter.CreateCounter<long>("meridian.breaker.changes", "{change}", "Changes of this observer's circuit breaker for a region");

    public static void Changed(string region, RegionHealth health) =>
        Changes.Add(1, new KeyValuePair<string, object?>("region", region), new KeyValuePair<string, object?>("health", health.ToString()));

    public static void Changed(string region, BreakerState state) =>
        Breakers.Add(1, new KeyValuePair<string, object?>("region", region), new KeyValuePair<string, object?>("state", state.ToString()));
}
