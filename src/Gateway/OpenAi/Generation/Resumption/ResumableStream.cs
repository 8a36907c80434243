using Meridian.Federation.Regions;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// A stream that outlives the connection of its reader. Every frame that was read is kept, so that the next reader can start from the beginning.
/// While there is no reader, nothing reads from the region. The engine then pauses when its ring buffer is full, so memory stays bounded by the longest
/// possible answer.
/// There is one reader at a time. A new reader takes over from an old one, whose connection may have broken without notice.
/// </summary>
internal sealed class ResumableStream : IAsyncDisposable
{
    private readonly CancellationTokenSource _ends;
    private readonly SemaphoreSlim _reader = new(1);
    private readonly Lock _lock = new();
    private readonly List<StreamFrame> _frames = [];
    private readonly IRegionStream _stream;
    private CancellationTokenSource? _current;
    private Task<StreamFrame?>? _pending;
    private bool _disposed;

    /// <param name="request">The request, with the seed that the answer was begun with.</param>
    /// <param name="digest">See <see cref="RequestDigest"/>.</param>
    /// <param name="beginning">The part of the answer that precedes the stream.</param>
    /// <param name="stream">The rest of the answer. This object disposes it.</param>
    /// <param name="first">The first frame, already read; null if the stream is empty.</param>
    /// <param name="ends">Its token ends the stream in its region. This object disposes it.</param>
    public ResumableStream(
        GenerationRequest request, AnswerShape shape, AnswerIdentity identity, string digest, AnswerBeginning beginning, IRegionStream stream, StreamFrame? first, CancellationTokenSource ends)
    {
        (Request, Shape, Identity, Digest, Beginning, _stream, _ends) = (request, shape, identity, digest, beginning, stream, ends);
        if (first is not null)
            _frames.Add(first);
        Complete = first is null or { End: true };
    }

    public GenerationRequest Request { get; }

    public AnswerShape Shape { get; }

    public AnswerIdentity Identity { get; }

    public string Digest { get; }

    public AnswerBeginning Beginning { get; }

    public StreamHead Head => _stream.Head;

    /// <value>Whether the last frame has been read.</value>
    public bool Complete { get; private set; }

    /// <summary>
    /// Makes the caller the reader, once the previous reader has released the stream. Returns null if the stream is disposed, if the caller has gone, or if
    /// another reader takes over meanwhile.
    /// </summary>
    /// <param name="caller">Fires when the connection of the new reader breaks.</param>
    public async Task<Reader?> AttachAsync(CancellationToken caller)
    {
        var token = CancellationTokenSource.CreateLinkedTokenSource(caller);
        CancellationTokenSource? before;
        lock (_lock)
        {
            before = _current;
            _current = token;
        }

        if (before is not null)
            await Stop(before);
        try
        {
            await _reader.WaitAsync(token.Token);
        }
        catch (OperationCanceledException)
        {
            token.Dispose();
            return null;
        }

        lock (_lock)
        {
            if (!_disposed)
                return new Reader(this, token);
        }

        _reader.Release();
        token.Dispose();
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        await Stop(_ends);
        await _stream.DisposeAsync();
        _ends.Dispose();
    }

    private static async Task Stop(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The source was disposed a moment ago: its reader has just left.
        }
    }

    /// <summary>A connection that reads the stream from its beginning.</summary>
    internal sealed class Reader(ResumableStream owner, CancellationTokenSource token) : IDisposable
    {
        private int _next;

        public ResumableStream Stream => owner;

        /// <value>Fires when the connection breaks or another reader takes over.</value>
        public CancellationToken Token => token.Token;

        /// <summary>
        /// Returns the next frame, or null after the last. A read that this reader abandons is not lost: the next reader awaits the same read.
        /// </summary>
        /// <param name="patience">How long to wait before a <see cref="TimeoutException"/>.</param>
        /// <param name="time">The clock.</param>
        /// <exception cref="TimeoutException">No frame came within <paramref name="patience"/>; call again.</exception>
        /// <exception cref="OperationCanceledException">The reader is none any more.</exception>
        /// <exception cref="Meridian.Errors.MeridianException">The stream cannot go on.</exception>
        public async Task<StreamFrame?> ReadAsync(TimeSpan patience, TimeProvider time)
        {
            if (_next < owner._frames.Count)
                return owner._frames[_next++];
            if (owner.Complete)
                return null;
            var pending = owner._pending ??= owner._stream.ReadAsync(owner._ends.Token).AsTask();
            var frame = await pending.WaitAsync(patience, time, Token);
            owner._pending = null;
            owner.Complete = frame is null or { End: true };
            if (frame is null)
                return null;
            owner._frames.Add(frame);
            _next++;
            return frame;
        }

        /// <summary>
        /// Reads until every choice has reached the caller's position, then rewinds to the beginning. Returns false if the stream cannot serve that caller:
        /// it begins after that position, ends before it, omits a choice whose end the caller does not know, or has a frame that spans the position.
        /// </summary>
        /// <param name="tokens">Number of tokens that the caller has, for each choice.</param>
        /// <param name="finished">Whether the caller knows the end, for each choice.</param>
        /// <param name="time">The clock.</param>
        /// <exception cref="OperationCanceledException">The reader is none any more.</exception>
        /// <exception cref="Meridian.Errors.MeridianException">The stream cannot go on.</exception>
        public async Task<bool> ReachesAsync(int[] tokens, bool[] finished, TimeProvider time)
        {
            int[] at = [.. owner.Beginning.Tokens];
            for (var choice = 0; choice < at.Length; choice++)
            {
                if (tokens[choice] < at[choice] || (owner.Beginning.Omitted[choice] && !finished[choice]))
                    return false;
            }

            while (!Arrived() && await ReadAsync(Timeout.InfiniteTimeSpan, time) is { } frame)
            {
                foreach (var group in frame.Groups)
                {
                    var next = group.Position + group.TokenIds.Length;
                    if (group.Position < tokens[group.Choice] && next > tokens[group.Choice])
                        return false;
                    at[group.Choice] = Math.Max(at[group.Choice], next);
                }
            }

            _next = 0;
            return Arrived();

            bool Arrived() => Enumerable.Range(0, at.Length).All(choice => at[choice] >= tokens[choice]);
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                if (ReferenceEquals(owner._current, token))
                    owner._current = null;
            }

            token.Dispose();
            owner._reader.Release();
        }
    }
}
