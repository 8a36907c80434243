using System.Collections.Concurrent;
using Meridian.Federation.Regions;
using Meridian.Routing.Attempts;

namespace Meridian.Federation.Availability;

/// <summary>
/// All regions' availability: the seam between what real requests meet and the snapshot. Requests report here; the liveness thread reads, and is woken when a breaker changes,
/// so that the change is in the next snapshot at once.
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

    /// <summary>The region left, or is another one now.</summary>
    public void Forget(string region) => _regions.TryRemove(region, out _);
}
