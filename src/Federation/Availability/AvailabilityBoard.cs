using System.Collections.Concurrent;
using Meridian.Federation.Regions;
using Meridian.Routing.Attempts;

namespace Meridian.Federation.Availability;

/// <summary>
/// The availability of all regions. Real requests report their outcomes here; the liveness thread reads them for its snapshots. When a breaker changes, the
/// liveness thread is woken, so that the next snapshot has the change at once.
/// </summary>
internal sealed class AvailabilityBoard(AvailabilityOptions options, TimeProvider time) : IAttemptReports
{
    private readonly MonotonicTime _monotonic = new(time);
    private readonly ConcurrentDictionary<string, RegionAvailability> _regions = new(StringComparer.Ordinal);

    /// <summary>Called on the thread of the report that changed a breaker; must return at once.</summary>
    public Action<string>? BreakerChanged { get; set; }

    public void Report(string region, long incarnation, AttemptOutcome outcome)
    {
        if (_regions.TryGetValue(region, out var availability) && availability.Report(incarnation, outcome))
            BreakerChanged?.Invoke(region);
    }

    public RegionAvailability Of(string region) =>
        _regions.TryGetValue(region, out var known) ? known : _regions.GetOrAdd(region, _ => new RegionAvailability(options, time, _monotonic));

    /// <summary>The region has left the intent, or its name now belongs to another address.</summary>
    public void Forget(string region) => _regions.TryRemove(region, out _);
}
