namespace Meridian.Grains.Replicas;

/// <summary>
/// A request's claim on a replica. Whoever takes it owns it and disposes it; disposing again changes nothing, so no path can release another's claim.
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

    /// <summary>Hands the claim over to the clock: its owner's disposal no longer ends it.</summary>
    public void Linger(TimeSpan delay, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _lingers = true;
        _timer = time.CreateTimer(static lease => ((ReplicaLease)lease!).Release(), this, delay, Timeout.InfiniteTimeSpan);

        // It may have fired before the field was set.
        if (Volatile.Read(ref _counter) is null) _timer.Dispose();
    }

    private void Release()
    {
        Interlocked.Exchange(ref _counter, null)?.Add(-_items);
        _timer?.Dispose();
    }
}
