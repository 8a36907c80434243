using Meridian.Grains.Draining;

namespace Meridian.Silo.Shutdown;

/// <summary>Leaves the region in order before its process stops, see <see cref="SiloShutdown"/>.</summary>
internal sealed class RegionShutdownStep(SiloShutdown shutdown, ShutdownTimes times) : IShutdownStep
{
    public Task LeaveAsync(CancellationToken cancellationToken) => shutdown.LeaveAsync(times.Announce, times.Streams, times.Work, cancellationToken);
}
