namespace Meridian.Grains.Shards.Streams;

/// <summary>One reader of this process that waits for one stream.</summary>
internal sealed class Handover(Guid id, Handovers handovers) : IDisposable
{
    private readonly Lock _lock = new();
    private OpenStream? _stream;
    private bool _over;

    /// <value>Name under which the stream must be opened.</value>
    public Guid Id { get; } = id;

    /// <summary>Takes the stream that the shard gave. The reader then owns and closes it. Null if the stream is in another process.</summary>
    public OpenStream? Take()
    {
        lock (_lock)
        {
            var stream = _stream;
            _stream = null;
            return stream;
        }
    }

    /// <summary>Closes a stream that was given but not taken.</summary>
    public void Dispose()
    {
        OpenStream? stream;
        lock (_lock)
        {
            _over = true;
            stream = _stream;
            _stream = null;
        }

        handovers.Remove(Id);
        stream?.Close();
    }

    internal HandoverOutcome Put(OpenStream stream)
    {
        OpenStream? before;
        lock (_lock)
        {
            if (_over) return HandoverOutcome.ReaderGone;
            before = _stream;
            _stream = stream;
        }

        // This stream belongs to a replica whose answer was lost on the way to the router. The router then used another replica.
        before?.Close();
        stream.Take();
        return HandoverOutcome.Given;
    }
}
