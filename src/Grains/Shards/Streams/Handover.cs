namespace Meridian.Grains.Shards.Streams;

/// <summary>One reader's expectation of one stream.</summary>
internal sealed class Handover(Guid id, Handovers handovers) : IDisposable
{
    private readonly Lock _lock = new();
    private OpenStream? _stream;
    private bool _over;

    /// <value>Name to open the stream by.</value>
    public Guid Id { get; } = id;

    /// <summary>The stream that was given, now the reader's to close; null where it is elsewhere.</summary>
    public OpenStream? Take()
    {
        lock (_lock)
        {
            var stream = _stream;
            _stream = null;
            return stream;
        }
    }

    /// <summary>Closes what was given and not taken.</summary>
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

        // Of a replica whose answer was lost on the way to the router, which then took another.
        before?.Close();
        stream.Take();
        return HandoverOutcome.Given;
    }
}
