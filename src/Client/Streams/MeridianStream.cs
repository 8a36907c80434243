using System.Globalization;
using Meridian.Client.Regions;
using Meridian.Errors;
using Meridian.Grains;
using Meridian.Messages;
using Meridian.Routing.Streams;

namespace Meridian.Client.Streams;

/// <summary>
/// A stream read from its shard by grain calls.
///
/// Open     The region's answer brought head and first frame. The second is asked for at once: a shard takes a reader that does not begin for one that gave up.
/// Read     One call is under way, or its frame waits here, while the caller works, so a far region's round trips cost no time of the stream. Asking for an offset lets the shard
///          forget what lies before it, which is here by then. The call is a long poll: a frame without tokens is asked for again. While a
///          caller pauses, the frame that waits is asked for again now and then: the shard takes a reader that says nothing for one that is gone.
/// Lost     Calls are linked to the loss of the connection that the stream was opened through, and limited in time for the shard whose own silo hangs behind a gateway that lives.
///          Another connection to the same region is not tried: see <see cref="MovingStream"/>.
/// Close    Goes through whatever connection the region has by then, so that a socket that broke does not leave the engine at work, and again for some seconds where that fails. A region that cannot be told, or
///          was asked to open while the caller gave up, lets go of a stream that nobody reads by itself.
/// </summary>
internal sealed class MeridianStream : IAsyncDisposable
{
    /// <summary>How often the shard is read while the caller pauses: a small part of the half minute that it waits for its reader.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    /// <summary>How often, and how many times, a region that could not be told is told again: until the shard would have let go by itself.</summary>
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

    /// <summary>Set by the call under way, which may be ahead of the reader: the shard knows the stream no more, and there is nothing to close.</summary>
    private volatile bool _over;

    /// <param name="link">Region that opened the stream.</param>
    /// <param name="connection">Connection it was opened through.</param>
    /// <param name="request">What was asked for; its input generates.</param>
    /// <param name="opened">The region's answer, with head and frame.</param>
    /// <param name="left">Time to the stream's end; may be spent.</param>
    /// <param name="limit">Time that the whole stream had.</param>
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

    /// <value>Region that serves it.</value>
    public RegionLink Link => _link;

    public string RequestId { get; }

    public StreamHead Head { get; }

    /// <summary>See <see cref="IMeridianStream.ReadAsync"/>; the region's loss is thrown.</summary>
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
    /// Reads again what waits for the caller. Should the caller take it at the same moment and the next be asked for, the shard refuses this read or ends that one's wait, which is
    /// answered empty and made again.
    /// </summary>
    private void Renew()
    {
        if (_readingToken.IsCancellationRequested)
            _renewal.Dispose();
        else if (Volatile.Read(ref _next) is { IsCompletedSuccessfully: true } next && next.GetAwaiter().GetResult().Frame is { End: false } frame)
            TouchAsync(frame.Offset).Ignore();
    }

    private async Task TouchAsync(long offset) => await _shard.Read(Head.Stream, offset, _readingToken).ConfigureAwait(false);

    /// <summary>The next frame with tokens. Never faults: nobody may be there to look at it.</summary>
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

    /// <summary>Tells the shard; false where it may not have heard.</summary>
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

    /// <summary>A connection may be lost a second time while it is being told: the sockets of one client break one after the other.</summary>
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

    /// <summary>A frame, or why there is none.</summary>
    private readonly record struct Fetched(StreamFrame? Frame, Refusal? Refusal, Exception? Cause);
}
