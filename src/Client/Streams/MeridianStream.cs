using System.Globalization;
using Meridian.Client.Regions;
using Meridian.Errors;
using Meridian.Grains;
using Meridian.Messages;
using Meridian.Routing.Streams;

namespace Meridian.Client.Streams;

/// <summary>
/// A stream that the client reads from one shard, by grain calls.
///
/// Open: the answer of the region brought the head and the first frame. The second frame is requested at once, because a shard treats a reader that does not
/// start as gone.
///
/// Read: while the caller works on a frame, the next call is already running or its frame waits here. So the round trips to a far region do not slow the
/// stream down. Asking for an offset lets the shard forget everything before it; that part has arrived by then. The call is a long poll: after a frame
/// without tokens the stream asks again. While the caller pauses, the stream reads the waiting frame again from time to time, because a shard treats a silent
/// reader as gone.
///
/// Lost: calls are linked to the loss of the connection that opened the stream. They also have a timeout, because the shard's own silo may hang behind a
/// gateway that is alive. Another connection to the same region is not tried here: see <see cref="MovingStream"/>.
///
/// Close: the close call uses the region's current connection, so that a broken socket does not leave the engine at work. A failed close is repeated for some
/// seconds. If the region cannot be told, or the caller gave up while the region opened the stream, the region itself ends the stream that has no reader.
/// </summary>
internal sealed class MeridianStream : IAsyncDisposable
{
    /// <summary>Interval at which the shard is read while the caller pauses. It is a third of the 30 s for which a shard waits for its reader.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Pause between two attempts to close the stream at a region that could not be told, and the number of these attempts. After them the shard ends the
    /// stream by itself.
    /// </summary>
    private static readonly TimeSpan CloseAgainAfter = TimeSpan.FromMilliseconds(250);
    private const int CloseAgainTimes = 40;

    private readonly RegionLink _link;
    private readonly IModelShard _shard;
    private readonly StreamProgress _progress;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _reading;
    private readonly CancellationToken _readingToken;
    private readonly GenerationInput _input;
    private readonly ITimer _renewal;
    private StreamFrame? _first;
    private Task<Fetched> _next;
    private bool _read;
    private bool _disposed;
    private bool _released;

    /// <summary>
    /// True when the shard no longer has the stream, so there is nothing to close. The running call sets it and may be ahead of the reader.
    /// </summary>
    private volatile bool _over;

    /// <param name="link">Region that opened the stream.</param>
    /// <param name="connection">Connection through which the stream was opened.</param>
    /// <param name="request">The request. Its input is a <see cref="GenerationInput"/>.</param>
    /// <param name="opened">Answer of the region, with head and frame.</param>
    /// <param name="left">Time left until the stream must end; may be zero or negative.</param>
    /// <param name="limit">Time limit of the whole stream, for messages.</param>
    /// <param name="time">The client's clock.</param>
    public MeridianStream(RegionLink link, LiveConnection connection, InferRequest request, StreamReply opened, TimeSpan left, TimeSpan limit, TimeProvider time)
    {
        _link = link;
        _time = time;
        _limit = limit;
        RequestId = request.RequestId;
        Head = opened.Head!;
        _shard = connection.Shard(Head.Shard);
        _input = (GenerationInput)request.Input;
        _progress = new StreamProgress(_input);
        _deadline = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        _reading = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, connection.Lost);
        _readingToken = _reading.Token;
        _first = opened.Frame!;
        _over = _first.End;
        link.Enter();
        _next = _first.End ? Task.FromResult(default(Fetched)) : FetchAsync(_first.Next);
        _renewal = time.CreateTimer(static stream => ((MeridianStream)stream!).Renew(), this, RenewEvery, RenewEvery);
    }

    /// <value>Region that serves the stream.</value>
    public RegionLink Link => _link;

    public string RequestId { get; }

    public StreamHead Head { get; }

    /// <summary>See <see cref="IMeridianStream.ReadAsync"/>. The loss of the region is thrown as an exception.</summary>
    public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (_read)
            return null;

        var ahead = _first is not null;
        var (frame, refusal, cause) = ahead ? new Fetched(_first, null, null) : await _next.WaitAsync(cancellationToken).ConfigureAwait(false);
        ObjectDisposedException.ThrowIf(_disposed, this);
        _first = null;
        if (frame is not null && _progress.Take(frame) is { } fault)
        {
            refusal = Broken(frame.Offset, fault);
            _next = Task.FromResult(new Fetched(null, refusal, null));
        }

        if (refusal is not null)
            throw cause is null ? new MeridianException(refusal) : new MeridianException(refusal, cause);

        _read = frame!.End;
        if (_read)
            Release();
        else if (!ahead)
            _next = FetchAsync(frame.Next);
        return frame;
    }

    /// <summary>See <see cref="IMeridianStream.GetResume"/>.</summary>
    public GenerationInput GetResume() => _progress.Resume(_input, Head);

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        var open = !_over;
        if (!_released)
            _reading.Cancel();
        Release();
        if (open && !await ClosedAsync().ConfigureAwait(false))
            CloseLaterAsync().Ignore();
    }

    public static Refusal Late(TimeSpan limit) => new()
    {
        Code = RefusalCode.Deadline,
        Message = string.Create(CultureInfo.InvariantCulture, $"The stream did not end within {limit.TotalMilliseconds:0} ms."),
    };

    /// <summary>
    /// Reads the waiting frame again. Race: the caller may take this frame at the same moment, so that the next frame is requested. Then the shard either
    /// refuses this read, or ends the wait of the other read. The other read then gets an empty frame and asks again.
    /// </summary>
    private void Renew()
    {
        if (_readingToken.IsCancellationRequested)
            _renewal.Dispose();
        else if (Volatile.Read(ref _next) is { IsCompletedSuccessfully: true } next && next.GetAwaiter().GetResult().Frame is { End: false } frame)
            TouchAsync(frame.Offset).Ignore();
    }

    private async Task TouchAsync(long offset) => await _shard.Read(Head.Stream, offset, _readingToken).ConfigureAwait(false);

    /// <summary>Gets the next frame with tokens. The task never faults, because it may be that no reader observes it.</summary>
    private async Task<Fetched> FetchAsync(long offset)
    {
        try
        {
            while (true)
            {
                var reply = await _shard.Read(Head.Stream, offset, _readingToken).WaitAsync(LiveConnection.ReadLimit, _time).ConfigureAwait(false);
                _link.NoteLife();
                if (reply.Refusal is { } refusal)
                {
                    _over = true;
                    return new Fetched(null, refusal, null);
                }

                if (reply.Frame is not { } frame)
                    return new Fetched(null, Broken(offset, "it is missing"), null);
                if (frame.Offset != offset)
                    return new Fetched(null, Broken(offset, $"it begins at {frame.Offset}"), null);
                _over = frame.End;
                if (frame.Groups.Length > 0 || frame.End)
                    return new Fetched(frame, null, null);
            }
        }
        catch (Exception e)
        {
            return new Fetched(null, Judge(e), e);
        }
    }

    private Refusal Judge(Exception failure)
    {
        if (failure is OperationCanceledException)
        {
            if (_disposed)
                return new Refusal { Code = RefusalCode.Cancelled, Message = "The stream was disposed." };
            if (_deadline.IsCancellationRequested)
                return Late(_limit);
        }

        return CallFailure.Judge(_link, failure);
    }

    private Refusal Broken(long offset, string fault) => new()
    {
        Code = RefusalCode.Internal,
        Message = $"Region '{Head.Region}' answered with a wrong frame at offset {offset} of stream {Head.Stream}: {fault}.",
    };

    /// <summary>Tells the shard to close the stream. False if the shard may not have heard it.</summary>
    private async Task<bool> ClosedAsync()
    {
        if (_link.Current is not { } connection)
            return false;
        try
        {
            var close = connection.Shard(Head.Shard).Close(Head.Stream);
            close.Ignore();
            await close.WaitAsync(CloseLimit, _time, connection.Lost).ConfigureAwait(false);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>Repeats the close. A connection may be lost again during the close, because the sockets of one client break one after the other.</summary>
    private async Task CloseLaterAsync()
    {
        for (var times = 0; times < CloseAgainTimes; times++)
        {
            await Task.Delay(CloseAgainAfter, _time).ConfigureAwait(false);
            if (await ClosedAsync().ConfigureAwait(false))
                return;
        }
    }

    private void Release()
    {
        if (_released)
            return;
        _released = true;
        _renewal.Dispose();
        _link.Leave();
        _reading.Dispose();
        _deadline.Dispose();
    }

    /// <summary>A frame, or the reason why there is none.</summary>
    private readonly record struct Fetched(StreamFrame? Frame, Refusal? Refusal, Exception? Cause);
}
