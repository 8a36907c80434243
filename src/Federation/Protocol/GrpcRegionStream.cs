using System.Runtime.CompilerServices;
using Grpc.Core;
using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Messages;

namespace Meridian.Federation.Protocol;

/// <summary>A stream that another region pushes. Unread frames wait in the call's HTTP/2 window; when it is full, the region pauses.</summary>
internal sealed class GrpcRegionStream(AsyncServerStreamingCall<StreamReply> call, IDisposable line, string region, StreamHead head, StreamFrame first) : IRegionStream
{
    private readonly IAsyncStreamReader<StreamReply> _replies = call.ResponseStream;
    private StreamFrame? _first = first;
    private Task<bool>? _pending;
    private bool _ended;
    private int _disposed;

    public StreamHead Head { get; } = head;

    public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_first is not { } frame)
            return _ended ? default : NextAsync(cancellationToken);
        _first = null;
        return new ValueTask<StreamFrame?>(Deliver(frame));
    }

    public ValueTask DisposeAsync()
    {
        // Before the stream's end this resets the call; the region sees a cancellation.
        call.Dispose();
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            line.Dispose();
        return default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<StreamFrame?> NextAsync(CancellationToken cancellationToken)
    {
        // A token given to MoveNext would end the whole call when a read is cancelled. So a cancelled read stays pending, and the next read continues it.
        var pending = _pending ??= _replies.MoveNext(CancellationToken.None);
        if (!pending.IsCompleted && cancellationToken.CanBeCanceled)
            await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
        var more = await pending.ConfigureAwait(false);
        _pending = null;
        if (!more)
            throw new IOException($"Region '{region}' ended the stream before its last frame.");
        var reply = _replies.Current;
        if (reply.Refusal is { } refusal)
            throw new MeridianException(refusal);
        return Deliver(reply.Frame ?? throw new IOException($"Region '{region}' sent a message without a frame."));
    }

    private StreamFrame Deliver(StreamFrame frame)
    {
        if (frame.End)
        {
            _ended = true;

            // Reads the trailers, which come with the last frame. A call that has ended is not reset when it is disposed.
            _replies.MoveNext(CancellationToken.None).Ignore();
        }

        return frame;
    }
}
