using Meridian.Gateway.Http;

namespace Meridian.Silo.Shutdown;

/// <summary>
/// Shuts the facade down. First it reports that it is not ready. Then the host's shutdown refuses new connections. At the end, the remaining streams get an
/// error.
/// </summary>
internal sealed class FacadeShutdownStep(FacadeShutdown shutdown, ShutdownTimes times, TimeProvider time) : IShutdownStep, IDisposable
{
    private ITimer? _end;

    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        shutdown.Begin();
        _end = time.CreateTimer(static shutdown => ((FacadeShutdown)shutdown!).End(), shutdown, times.Callers, Timeout.InfiniteTimeSpan);
        await Task.Delay(times.Announce, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _end?.Dispose();
}
