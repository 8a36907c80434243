using Meridian.Gateway.Http;

namespace Meridian.Silo.Shutdown;

/// <summary>Closes the facade's doors softly: not ready first, then (by the host's stop) no new connection, at the end an error for the streams that are left.</summary>
internal sealed class FacadeDeparture(ClosingDoors doors, DepartureTimes times, TimeProvider time) : IDeparture, IDisposable
{
    private ITimer? _end;

    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        doors.Begin();
        _end = time.CreateTimer(static doors => ((ClosingDoors)doors!).End(), doors, times.Callers, Timeout.InfiniteTimeSpan);
        await Task.Delay(times.Announce, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _end?.Dispose();
}
