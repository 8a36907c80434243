using System.Runtime.CompilerServices;
using Meridian.Errors;
using Meridian.Inference.Engines;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Tokenization;
using Meridian.Messages;

namespace Meridian.Grains.Shards.Streams;

/// <summary>
/// A stream that a shard has opened. It lives from its admission until its reader has read all of it or has left. Thread-safe.
/// </summary>
/// <remarks>
/// Normal course: the stream ends when its last frame is read. It ends only once. Other causes of the end:
/// <list type="bullet">
/// <item><see cref="End"/> with a reason that the reader gets: deadline, replica unloaded, silo stopping, or a fault of the engine.</item>
/// <item><see cref="Close"/> by a reader that leaves.</item>
/// </list>
/// The end cancels the engine's remaining work and frees the stream's place in the shard. The engine's stream ends a waiting read when it is
/// cancelled, so a read needs no linked token.
/// <para>
/// Problem: a reader may disappear without closing the stream. A reader in this process always closes its stream. A reader that uses grain calls may
/// just stop calling, so its stream has a lease that every read renews.
/// The call that opens the stream is its first read. The lease begins when that call has its first frame, which may take until the request's
/// deadline. If the caller's process dies during the opening, the stream is computed up to the first frame, and then the lease closes it.
/// After its end such a stream stays until the lease expires, so that the reader can ask again for the last frame or for the reason.
/// </para>
/// </remarks>
internal sealed class OpenStream
{
    /// <summary>How long a stream is kept after its newest read. It is longer than the pauses of a slow caller.</summary>
    public static readonly TimeSpan ReaderLease = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a stream waits for the second read after the answer to its opening. A live reader begins at once. If nobody begins to read, the
    /// caller gave up during the opening.
    /// </summary>
    public static readonly TimeSpan FirstReadLease = TimeSpan.FromSeconds(10);

    private readonly IGenerationStream _stream;
    private readonly IGenerationTokenizer _tokenizer;
    private readonly ShardStreams _shard;
    private readonly TimeProvider _time;
    private readonly long _opened;
    private readonly int _deadlineMs;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private Refusal? _reason;
    private bool _ended;
    private bool _taken;
    private bool _forgotten;
    private bool _opening;
    private TimeSpan _lease = FirstReadLease;
    private long _readAt;
    private Pull? _pull;

    public OpenStream(Guid id, IGenerationStream stream, IGenerationTokenizer tokenizer, int deadlineMs, ShardStreams shard, TimeProvider time)
    {
        Id = id;
        _stream = stream;
        _tokenizer = tokenizer;
        _shard = shard;
        _time = time;
        _opened = _readAt = time.GetTimestamp();
        _deadlineMs = deadlineMs;
        _timer = time.CreateTimer(static stream => ((OpenStream)stream!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Arm();
    }

    public Guid Id { get; }

    /// <value>Whether a call waits for tokens now. Read it only under the lock.</value>
    private bool IsBeingRead => _opening || _pull is not null;

    /// <summary>Reads tokens from an offset on, see <see cref="IGenerationStream.ReadAsync"/>.</summary>
    /// <exception cref="MeridianException">The stream ended before its last frame (the exception says why), or the stream has no such
    /// offset.</exception>
    /// <exception cref="OperationCanceledException">The token fired. The stream can still be read.</exception>
    public ValueTask<StreamFrame> ReadAsync(long offset, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _reason) is { } reason) return ValueTask.FromException<StreamFrame>(new MeridianException(reason));
        ValueTask<GenerationFrame> read;
        try
        {
            read = _stream.ReadAsync(offset, cancellationToken);
        }
        catch (Exception e)
        {
            return ValueTask.FromException<StreamFrame>(Failure(e, cancellationToken));
        }

        return read.IsCompletedSuccessfully ? new ValueTask<StreamFrame>(Mapped(read.Result)) : AwaitAsync(read, cancellationToken);
    }

    /// <summary>
    /// The first read, made by the call that opens the stream. While the first token is computed, the caller counts as a waiting reader. Only the
    /// deadline, the caller's token, or the end of the stream ends the wait.
    /// </summary>
    /// <exception cref="MeridianException">The stream ended before its first frame. The exception says why.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public async ValueTask<StreamFrame> ReadFirstAsync(CancellationToken caller)
    {
        lock (_lock) _opening = true;
        try
        {
            return await ReadAsync(0, caller);
        }
        finally
        {
            lock (_lock)
            {
                _opening = false;
                _readAt = _time.GetTimestamp();
            }
        }
    }

    /// <summary>
    /// A read by a grain call. It waits at most <paramref name="patience"/>, then returns an empty frame. A second read ends the first: the answer of
    /// the first was lost with a gateway, and its cancellation may not have arrived yet.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    public async Task<StreamReply> PullAsync(long offset, TimeSpan patience, CancellationToken caller)
    {
        using var pull = new Pull(patience, _time);
        Pull? before;
        lock (_lock)
        {
            before = _pull;
            _pull = pull;
            _lease = ReaderLease;
        }

        if (before is not null) await before.GiveUpAsync();
        using var left = caller.UnsafeRegister(static pull => ((Pull)pull!).Cancel(), pull);
        try
        {
            return new StreamReply { Frame = await ReadAsync(offset, pull.Token) };
        }
        catch (MeridianException e)
        {
            return new StreamReply { Refusal = e.Refusal };
        }
        catch (OperationCanceledException) when (pull.Token.IsCancellationRequested)
        {
            caller.ThrowIfCancellationRequested();
            return new StreamReply { Frame = new StreamFrame { Offset = offset, Next = offset, Groups = [] } };
        }
        finally
        {
            lock (_lock)
            {
                _readAt = _time.GetTimestamp();
                if (_pull == pull) _pull = null;
            }

            pull.Over();
        }
    }

    /// <summary>Gives the stream to a reader in this process, which closes it.</summary>
    public void Take()
    {
        bool ended;
        lock (_lock)
        {
            _taken = true;
            ended = _ended;
        }

        if (ended) Forget();
    }

    /// <summary>Ends the stream with a reason for its reader. Does nothing after the end.</summary>
    public void End(Refusal reason)
    {
        lock (_lock)
        {
            if (_ended) return;
            _ended = true;
            Volatile.Write(ref _reason, reason);
        }

        _stream.Cancel();
        Settle();
    }

    /// <summary>Closes the stream because its reader has left.</summary>
    public void Close()
    {
        End(StreamRefusals.Closed);
        Forget();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<StreamFrame> AwaitAsync(ValueTask<GenerationFrame> read, CancellationToken cancellationToken)
    {
        GenerationFrame frame;
        try
        {
            frame = await read.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Failure(e, cancellationToken);
        }

        return Mapped(frame);
    }

    private StreamFrame Mapped(GenerationFrame frame)
    {
        if (frame.End)
        {
            bool first;
            lock (_lock)
            {
                first = !_ended;
                _ended = true;
            }

            if (first) Settle();
        }

        return Generations.Frame(frame, _tokenizer);
    }

    private Exception Failure(Exception e, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _reason) is null)
        {
            switch (e)
            {
                case OperationCanceledException when cancellationToken.IsCancellationRequested:
                    return e;
                case ArgumentOutOfRangeException:
                    return new MeridianException(Generations.Invalid($"Stream {Id} has no tokens from that offset on: they have been acknowledged, or do not exist yet. {e.Message}", null), e);
                case EngineStoppedException or ObjectDisposedException or OperationCanceledException:
                    End(StreamRefusals.Unloaded(_shard.Key));
                    break;
                default:
                    _shard.LogFault(e, Id);
                    End(StreamRefusals.Fault(_shard.Key, $"stream {Id}", e));
                    break;
            }
        }

        return new MeridianException(Volatile.Read(ref _reason) ?? StreamRefusals.Closed, e);
    }

    private void Settle()
    {
        _shard.Settled();
        bool taken;
        lock (_lock) taken = _taken;
        if (taken) Forget();
    }

    private void Forget()
    {
        lock (_lock)
        {
            if (_forgotten) return;
            _forgotten = true;
        }

        _timer.Dispose();
        _shard.Forget(this);
    }

    private void OnTimer()
    {
        bool late, unread;
        lock (_lock)
        {
            late = !_ended && _time.GetElapsedTime(_opened).TotalMilliseconds >= _deadlineMs;
            unread = !_taken && !IsBeingRead && _time.GetElapsedTime(_readAt) >= _lease;
        }

        if (late) End(StreamRefusals.Deadline(_deadlineMs, Id));
        if (unread)
        {
            Close();
            return;
        }

        Arm();
    }

    private void Arm()
    {
        var due = TimeSpan.MaxValue;
        lock (_lock)
        {
            if (_forgotten) return;
            if (!_ended) due = TimeSpan.FromMilliseconds(_deadlineMs) - _time.GetElapsedTime(_opened);
            if (!_taken)
            {
                var lease = IsBeingRead ? _lease : _lease - _time.GetElapsedTime(_readAt);
                if (lease < due) due = lease;
            }
        }

        // Round up. A timer that fires slightly too early would only be armed again at once.
        if (due < TimeSpan.MaxValue) _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(due.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }

    /// <summary>One read by a grain call while it waits.</summary>
    private sealed class Pull(TimeSpan patience, TimeProvider time) : IDisposable
    {
        private readonly CancellationTokenSource _wait = new(patience, time);
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Token => _wait.Token;

        public void Cancel() => _wait.Cancel();

        public void Over() => _over.TrySetResult();

        /// <summary>Ends the wait. The task completes when another read may use the stream.</summary>
        public Task GiveUpAsync()
        {
            try
            {
                _wait.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The read has just ended by itself.
            }

            return _over.Task;
        }

        public void Dispose() => _wait.Dispose();
    }
}
