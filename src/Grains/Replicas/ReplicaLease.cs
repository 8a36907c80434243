namespace Meridian.Grains.Replicas;

/// <summary>
/// A request's claim on a replica. The taker owns the lease and disposes it. A second disposal does nothing, so no code path can release the claim of
/// another request.
/// </summary>
public sealed class ReplicaLease : IDisposable
{
    private readonly int _items;
    private ReplicaLeases.Counter? _counter;
    private ITimer? _timer;
    private bool _lingers;

    internal ReplicaLease(ReplicaLeases.Counter counter, int items)
    {
        _counter = counter;
        _items = items;
        counter.Add(items);
    }

    public void Dispose()
    {
        if (!_lingers) Release();
    }

    /// <summary>Keeps the claim for <paramref name="delay"/>. After this call, disposal by the owner no longer ends it.</summary>
    public void Linger(TimeSpan delay, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _lingers = true;
        _timer = time.CreateTimer(static lease => ((ReplicaLease)lease!).Release(), this, delay, Timeout.InfiniteTimeSpan);

        // The timer may have fired before the field was set.
        if (Volatile.Read(ref _counter) is null) _timer.Dispose();
    }

    private void Release()
    {
        Interlocked.Exchange(ref _counter, null)?.Add(-_items);
        _timer?.Dispose();
    }
}
