using Microsoft.Extensions.ObjectPool;

namespace Meridian.Federation.Edge;

/// <summary>
/// Cancels attempts without allocations. Cancellation sources and their timers are reused, and a registration in a token takes a node from that token's own
/// free list. A linked source per attempt would cost three objects and a timer each time.
/// </summary>
public sealed class AttemptSources(TimeProvider time)
{
    private readonly ObjectPool<CancellationTokenSource> _pool = new DefaultObjectPool<CancellationTokenSource>(new Policy(time), 1024);

    /// <summary>Begins an attempt whose token fires when <paramref name="caller"/> or <paramref name="lost"/> fires, or after the given time.</summary>
    /// <param name="milliseconds">Time left, ms.</param>
    /// <param name="caller">Fires when the caller goes away.</param>
    /// <param name="lost">Fires when the region of the attempt is lost.</param>
    public Attempt Begin(int milliseconds, CancellationToken caller, CancellationToken lost)
    {
        var source = _pool.Get();
        source.CancelAfter(milliseconds);
        return new Attempt(_pool, source, caller.UnsafeRegister(Fire, source), lost.UnsafeRegister(Fire, source));
    }

    private static readonly Action<object?> Fire = static source => ((CancellationTokenSource)source!).Cancel();

    /// <summary>Dispose it exactly once, when nothing of the attempt uses the token any more.</summary>
    public readonly struct Attempt : IDisposable
    {
        private readonly ObjectPool<CancellationTokenSource> _pool;
        private readonly CancellationTokenSource _source;
        private readonly CancellationTokenRegistration _caller;
        private readonly CancellationTokenRegistration _lost;

        internal Attempt(ObjectPool<CancellationTokenSource> pool, CancellationTokenSource source, CancellationTokenRegistration caller, CancellationTokenRegistration lost) =>
            (_pool, _source, _caller, _lost) = (pool, source, caller, lost);

        public CancellationToken Token => _source.Token;

        /// <summary>Starts the time limit again. A token that has fired stays fired.</summary>
        /// <param name="milliseconds">Time left from now on, ms.</param>
        public void Limit(int milliseconds) => _source.CancelAfter(milliseconds);

        public void Dispose()
        {
            // Unregister does not wait for a callback that runs on another thread, and that callback will still fire the source. If such a source were
            // reused, it would cancel another attempt; so it is left to the collector. (A default registration is not registered, so Unregister does not
            // return true for it.)
            var idle = (_caller.Equals(default) || _caller.Unregister()) & (_lost.Equals(default) || _lost.Unregister());
            if (idle)
                _pool.Return(_source);
        }
    }

    private sealed class Policy(TimeProvider time) : PooledObjectPolicy<CancellationTokenSource>
    {
        public override CancellationTokenSource Create() => new(Timeout.InfiniteTimeSpan, time);

        public override bool Return(CancellationTokenSource source)
        {
            if (source.IsCancellationRequested)
                return false;

            // TryReset returns false if the timer has already been queued to fire.
            source.CancelAfter(Timeout.Infinite);
            return source.TryReset();
        }
    }
}
