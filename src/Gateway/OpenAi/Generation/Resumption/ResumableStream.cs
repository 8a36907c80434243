using Meridian.Federation.Regions;
using Meridian.Gateway.OpenAi.Generation.Answers;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Resumption;

/// <summary>
/// A stream that outlives its reader's connection. Frames that were read are kept; nobody reads while no reader is there, so the engine pauses when its ring is full and memory stays
/// bounded by what the answer may have. One reader at a time: a new one takes over from one whose connection has broken unnoticed.
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

    /// <param name="request">With the seed that the answer was begun with.</param>
    /// <param name="shape">Of the answer.</param>
    /// <param name="identity">Of the answer.</param>
    /// <param name="digest">See <see cref="RequestDigest"/>.</param>
    /// <param name="beginning">What of the answer comes before the stream.</param>
    /// <param name="stream">The rest.</param>
    /// <param name="first">Its first frame, already read; null where nothing comes.</param>
    /// <param name="ends">Its token ends the stream at its region; disposed with this.</param>
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

    /// <value>Whether the last frame is here.</value>
    public bool Complete { get; private set; }

    /// <summary>Makes the caller the reader, once the one before has let go; null where the stream is over for good.</summary>
    /// <param name="caller">The reader's connection.</param>
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
            // Its reader let go just now.
        }
    }

    /// <summary>A connection that reads the stream from its beginning.</summary>
    internal sealed class Reader(ResumableStream owner, CancellationTokenSource token) : IDisposable
    {
        private int _next;

        public ResumableStream Stream => owner;

        /// <value>Fires when the connection breaks or another reader takes over.</value>
        public CancellationToken Token => token.Token;

        /// <summary>The next frame; null after the last. A read that is given up is taken up by the next reader.</summary>
        /// <param name="patience">How long to wait; a <see cref="TimeoutException"/> says that it was not enough.</param>
        /// <param name="time">The clock.</param>
        /// <exception cref="TimeoutException">Nothing came within that time; call again.</exception>
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
        /// Reads on until the choices have come as far as a caller has, and goes back to the beginning. False: the stream cannot serve that caller, since it begins later, ends before, or its
        /// frames are cut elsewhere.
        /// </summary>
        /// <param name="tokens">Tokens that the caller has, a choice.</param>
        /// <param name="finished">Choices whose end the caller knows.</param>
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
