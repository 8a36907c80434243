using System.Collections.Concurrent;

namespace Meridian.Grains.Shards;

/// <summary>
/// Tokens that fire when a request's time is up or its caller goes away. The sources are reused: a source with a timer is the largest thing a small request would otherwise allocate.
/// </summary>
internal sealed class Deadlines(TimeProvider time)
{
    private const int MaxIdle = 64;

    private readonly ConcurrentBag<CancellationTokenSource> _idle = [];

    public Lease Start(int remainingMs, CancellationToken caller)
    {
        var remaining = TimeSpan.FromMilliseconds(remainingMs);
        if (_idle.TryTake(out var source)) source.CancelAfter(remaining);
        else source = new CancellationTokenSource(remaining, time);

        var registration = caller.CanBeCanceled ? caller.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), source) : default;
        return new Lease(this, source, registration);
    }

    /// <summary>Ended exactly once, by the request that started it, when nothing of it uses the token any more.</summary>
    public readonly struct Lease(Deadlines owner, CancellationTokenSource source, CancellationTokenRegistration registration) : IDisposable
    {
        public CancellationToken Token => source.Token;

        public void Dispose()
        {
            // Waits for a cancellation by the caller that is under way, so that it cannot hit the next user of the source.
            registration.Dispose();
            if (source.TryReset() && owner._idle.Count < MaxIdle) owner._idle.Add(source);
            else source.Dispose();
        }
    }
}
