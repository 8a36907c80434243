namespace Meridian.Grains.Routing;

/// <summary>
/// A request's claim on a replica. Whoever takes it owns it and disposes it; disposing again changes nothing, so no path can release another's claim.
/// </summary>
public sealed class ReplicaLease : IDisposable
{
    private readonly int _items;
    private ReplicaLeases.Counter? _counter;

    internal ReplicaLease(ReplicaLeases.Counter counter, int items)
    {
        _counter = counter;
        _items = items;
        counter.Add(items);
    }

    public void Dispose() => Interlocked.Exchange(ref _counter, null)?.Add(-_items);
}
