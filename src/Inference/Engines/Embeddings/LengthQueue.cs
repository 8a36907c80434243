namespace Meridian.Inference.Engines.Embeddings;

/// <summary>
/// Waiting items, found by call and by length. Not thread-safe. It uses no clock: which items it takes depends only on what was queued.
/// </summary>
/// <remarks>
/// A batch starts with the first waiting item of the call whose turn it is (the anchor). Then the queue adds the items nearest to it in length, older ones
/// first, while the batch stays within its <see cref="BatchLimits"/>. Calls take turns. So:
/// <list type="bullet">
/// <item>No call starves: with n waiting calls, every n-th batch serves the first item of a given call, whatever arrives later.</item>
/// <item>A call of one text behind a call of a thousand texts waits for one batch, not for a thousand.</item>
/// <item>A long item shares no batch with short ones, so it causes no padding for them.</item>
/// </list>
/// The cost of every operation is independent of the number of waiting items, except <see cref="Take"/>, which looks at lengths within the padding bound.
/// </remarks>
/// <param name="maxLength">Longest item, tokens.</param>
internal sealed class LengthQueue(int maxLength)
{
    private readonly EmbeddingItem?[] _oldest = new EmbeddingItem?[maxLength + 1];
    private readonly EmbeddingItem?[] _newest = new EmbeddingItem?[maxLength + 1];
    private EmbeddingCall? _turn;
    private EmbeddingCall? _last;

    /// <value>Number of waiting items.</value>
    public int Count { get; private set; }

    /// <value>The call whose turn is next, or null.</value>
    public EmbeddingCall? Turn => _turn;

    /// <summary>Adds all items of a call.</summary>
    public void Add(EmbeddingCall call)
    {
        foreach (var item in call.Items)
        {
            item.Queued = true;
            item.Previous = _newest[item.Length];
            if (item.Previous is { } previous)
                previous.Next = item;
            else
                _oldest[item.Length] = item;
            _newest[item.Length] = item;
        }

        call.FirstQueued = 0;
        call.QueuedItems = call.Items.Length;
        Count += call.Items.Length;
        EnterRotation(call);
    }

    /// <summary>Removes the waiting items of a call and returns how many there were.</summary>
    public int Remove(EmbeddingCall call)
    {
        var removed = call.QueuedItems;
        for (var i = call.FirstQueued; call.QueuedItems > 0; i++)
        {
            if (call.Items[i].Queued)
                Unlink(call.Items[i]);
        }

        return removed;
    }

    /// <summary>Clears <paramref name="batch"/> and moves the next batch into it.</summary>
    /// <returns>Length of the longest item of the batch; 0 if nothing waits.</returns>
    public int Take(List<EmbeddingItem> batch, BatchLimits limits)
    {
        batch.Clear();
        if (_turn is not { } call)
            return 0;
        while (!call.Items[call.FirstQueued].Queued)
            call.FirstQueued++;
        var anchor = call.Items[call.FirstQueued];
        LeaveRotation(call);
        EnterRotation(call);
        Unlink(anchor);
        batch.Add(anchor);

        var longest = anchor.Length;
        var real = anchor.Length;
        var below = anchor.Length;
        var above = anchor.Length + 1;
        while (true)
        {
            // Finds the nearest waiting lengths that the limits allow, below and above. A closed direction stays closed, because padding only grows with
            // distance.
            while (below > 0 && _oldest[below] is null)
                below = limits.Allow(batch.Count + 1, longest, real + below) ? below - 1 : 0;
            if (below > 0 && !limits.Allow(batch.Count + 1, longest, real + below))
                below = 0;
            while (above <= maxLength && _oldest[above] is null)
                above = limits.Allow(batch.Count + 1, above, real + above) ? above + 1 : maxLength + 1;
            if (above <= maxLength && !limits.Allow(batch.Count + 1, above, real + above))
                above = maxLength + 1;

            int length;
            if (below > 0 && (above > maxLength || longest - below <= (above - longest) * batch.Count))
                length = below;
            else if (above <= maxLength)
                length = above;
            else
                return longest;

            var item = _oldest[length]!;
            Unlink(item);
            batch.Add(item);
            real += length;
            longest = Math.Max(longest, length);
        }
    }

    private void Unlink(EmbeddingItem item)
    {
        item.Queued = false;
        if (item.Previous is { } previous)
            previous.Next = item.Next;
        else
            _oldest[item.Length] = item.Next;
        if (item.Next is { } next)
            next.Previous = item.Previous;
        else
            _newest[item.Length] = item.Previous;
        item.Next = item.Previous = null;
        Count--;
        if (--item.Call.QueuedItems == 0)
            LeaveRotation(item.Call);
    }

    private void EnterRotation(EmbeddingCall call)
    {
        call.Previous = _last;
        if (_last is { } last)
            last.Next = call;
        else
            _turn = call;
        _last = call;
    }

    private void LeaveRotation(EmbeddingCall call)
    {
        if (call.Previous is { } previous)
            previous.Next = call.Next;
        else
            _turn = call.Next;
        if (call.Next is { } next)
            next.Previous = call.Previous;
        else
            _last = call.Previous;
        call.Next = call.Previous = null;
    }
}
