using System.Buffers;
using System.Runtime.CompilerServices;

namespace Meridian.Gateway.Http;

/// <summary>A growing list on a rented array. Its creator disposes it, even if the parser throws.</summary>
internal ref struct PooledList<T>
{
    private T[] _items = [];

    public PooledList()
    {
    }

    public int Count { get; private set; }

    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            Grow();
        }

        _items[Count++] = item;
    }

    public readonly T[] ToArray() => _items.AsSpan(0, Count).ToArray();

    public void Dispose()
    {
        Return();
        _items = [];
        Count = 0;
    }

    private void Grow()
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(64, Count * 2));
        _items.AsSpan(0, Count).CopyTo(larger);
        Return();
        _items = larger;
    }

    private readonly void Return()
    {
        if (_items.Length == 0)
        {
            return;
        }

        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            // Clear only the used part, so that the pool does not keep a caller's texts alive.
            _items.AsSpan(0, Count).Clear();
        }

        ArrayPool<T>.Shared.Return(_items);
    }
}
