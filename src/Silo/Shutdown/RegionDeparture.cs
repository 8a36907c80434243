using Meridian.Grains.Draining;

namespace Meridian.Silo.Shutdown;

/// <summary>Leaves the region in order before its process stops, see <see cref="SiloDeparture"/>.</summary>
internal sealed class RegionDeparture(SiloDeparture departure, DepartureTimes times) : IDeparture
{
    public Task LeaveAsync(CancellationToken cancellationToken) => departure.LeaveAsync(times.Announce, times.Streams, times.Work, cancellationToken);
}
