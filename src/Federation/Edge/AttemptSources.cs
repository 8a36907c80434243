using Microsoft.Extensions.ObjectPool;

namespace Meridian.Federation.Edge;

/// <summary>
/// Cancellation of attempts without garbage: sources and their timers are reused, and a registration in a token takes a node from that token's own free list.
/// A linked source a attempt would cost three objects and a timer each time.
/// </summary>
internal sealed class AttemptSources(TimeProvider time)
{
    private readonly ObjectPool<CancellationTokenSource> _pool = new DefaultObjectPool<CancellationTokenSource>(new Policy(time), 1024);

    /// <summary>A token that fires with either of two others or after a time.</summary>
    public Attempt Begin(int milliseconds, CancellationToken caller, CancellationToken lost)
    {
        var source = _pool.Get();
        source.CancelAfter(milliseconds);
        return new Attempt(_pool, source, caller.UnsafeRegister(Fire, source), lost.UnsafeRegister(Fire, source));
    }

    private static readonly Action<object?> Fire = static source => ((CancellationTokenSource)source!).Cancel();

    internal readonly struct Attempt(
        ObjectPool<CancellationTokenSource> pool, CancellationTokenSource source, CancellationTokenRegistration caller, CancellationTokenRegistration lost) : IDisposable
    {
        public CancellationToken Token => source.Token;

        public void Dispose()
        {
            // Unregister does not wait for a callback that is running on another thread, and that callback will still fire the source. Such a source must not
            // serve another attempt, which it would cancel out of the blue: it is left to the collector. (A default registration is not registered: true is not returned for it.)
            var idle = (caller.Equals(default) || caller.Unregister()) & (lost.Equals(default) || lost.Unregister());
            if (idle)
                pool.Return(source);
        }
    }

    private sealed class Policy(TimeProvider time) : PooledObjectPolicy<CancellationTokenSource>
    {
        public override CancellationTokenSource Create() => new(Timeout.InfiniteTimeSpan, time);

        public override bool Return(CancellationTokenSource source)
        {
            if (source.IsCancellationRequested)
                return false;

            // Refuses when the timer has been queued to fire.
            source.CancelAfter(Timeout.Infinite);
            return source.TryReset();
        }
    }
}
