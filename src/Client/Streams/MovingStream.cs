using System.Runtime.CompilerServices;
using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Streams;

/// <summary>
/// One stream for its caller, served by one region after the other.
///
/// Leg: the part that one region serves, a <see cref="MeridianStream"/>. A leg knows how to continue the stream: it has the ids of all tokens that were read,
/// including those of earlier legs.
///
/// Move: when a leg ends because its region or its replica is lost, the client's usual routing opens the rest. The request is the same, with the version and
/// variant of the beginning, and within the deadline of the stream. A lost region is tried last. A region whose replica was unloaded may serve again. The
/// move is one task: if a read is given up, the next read waits for the same task. Disposal ends the task.
///
/// Count: each leg counts its tokens from 0. The offsets that the caller sees go on.
///
/// Budget: after each loss the request has all its attempts again. If as many legs in a row end without a token, the stream ends.
///
/// Not moved: a passed deadline, and faults that would occur in another region as well.
/// </summary>
internal sealed class MovingStream : IMeridianStream
{
    private readonly CancellationTokenSource _life = new();
    private readonly InferRequest _request;
    private readonly Func<InferRequest, LegLoss, CancellationToken, Task<MeridianStream>> _reopen;
    private readonly int _attempts;
    private MeridianStream _leg;
    private Task<StreamFrame>? _move;
    private long _before;
    private long _tokens;
    private int _idle;
    private bool _ended;
    private bool _inexact;
    private bool _disposed;

    /// <param name="first">The leg that is already open.</param>
    /// <param name="request">The request that opened the stream.</param>
    /// <param name="attempts">Number of losses in a row without progress that ends the stream.</param>
    /// <param name="reopen">Opens the rest of the stream. It avoids the region or the replica that was lost.</param>
    public MovingStream(MeridianStream first, InferRequest request, int attempts, Func<InferRequest, LegLoss, CancellationToken, Task<MeridianStream>> reopen)
    {
        _leg = first;
        _request = request with { RequestId = first.RequestId, Version = first.Head.Version, Variant = first.Head.Variant };
        _attempts = attempts;
        _reopen = reopen;
        Head = first.Head;
    }

    public string RequestId => _request.RequestId;

    public StreamHead Head { get; }

    public string Region => _leg.Head.Region;

    public int Moves { get; private set; }

    public bool Inexact => _inexact;

    public async ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (_ended)
            return null;
        if (_move is null)
        {
            try
            {
                return await _leg.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame ? Take(frame) : null;
            }
            catch (MeridianException loss) when (MayMove(loss.Refusal.Code))
            {
                _move = MoveAsync(loss);
            }
        }

        // A failed move stays, and makes every later read fail.
        var moved = await _move.WaitAsync(cancellationToken).ConfigureAwait(false);
        _move = null;
        return moved;
    }

    public async IAsyncEnumerable<StreamFrame> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
            yield return frame;
    }

    public GenerationInput GetResume() => _leg.GetResume() with { Echo = ((GenerationInput)_request.Input).Echo };

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _life.CancelAsync().ConfigureAwait(false);
        if (_move is Task move)
            await move.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _leg.DisposeAsync().ConfigureAwait(false);
        _life.Dispose();
    }

    private static bool MayMove(RefusalCode code) => code is RefusalCode.RegionLost or RefusalCode.NotReady or RefusalCode.NoCapacity or RefusalCode.Cancelled;

    private StreamFrame Take(StreamFrame frame)
    {
        _tokens = _before + frame.Next;
        _ended = frame.End;
        _inexact |= frame.Inexact;
        return _before == 0 && _inexact == frame.Inexact ? frame : frame with { Offset = frame.Offset + _before, Next = _tokens, Inexact = _inexact };
    }

    private async Task<StreamFrame> MoveAsync(MeridianException loss)
    {
        while (true)
        {
            var left = _leg;
            var onward = left.GetResume();
            onward = onward with { Echo = false, Reproducible = onward.Reproducible && !_inexact };

            // Not awaited: a lost region would delay the move by one second.
            left.DisposeAsync().AsTask().Ignore();
            if (onward.Resume is { Length: 0 })
            {
                // Only the notice of the end was missing.
                _ended = true;
                return new StreamFrame { Offset = _tokens, Next = _tokens, Groups = [], End = true, Inexact = _inexact };
            }

            _idle = _tokens > _before ? 0 : _idle + 1;
            if (_idle >= _attempts)
                throw Stranded(left, loss.Refusal, loss);
            try
            {
                _leg = await _reopen(_request with { Input = onward }, new LegLoss(left.Link.Name, loss.Refusal), _life.Token).ConfigureAwait(false);
            }
            catch (MeridianException failure)
            {
                throw Stranded(left, failure.Refusal, failure);
            }
            catch (ObjectDisposedException)
            {
                // The client stops. This ended the leg.
                throw loss;
            }

            Moves++;
            _before = _tokens;
            _inexact |= onward.Reproducible && !Head.HasArithmeticOf(_leg.Head);
            try
            {
                if (await _leg.ReadAsync(_life.Token).ConfigureAwait(false) is { } frame)
                    return Take(frame);
                loss = new MeridianException(new Refusal { Code = RefusalCode.RegionLost, Message = $"Region '{Region}' ended the stream before its first frame." });
            }
            catch (MeridianException again) when (MayMove(again.Refusal.Code))
            {
                loss = again;
            }
        }
    }

    private MeridianException Stranded(MeridianStream left, Refusal why, Exception cause)
    {
        if (why.Code == RefusalCode.Deadline)
            return new MeridianException(why, cause);
        var code = why.Code is RefusalCode.NoCapacity or RefusalCode.NotReady or RefusalCode.ResidencyUnavailable or RefusalCode.Internal ? why.Code : RefusalCode.RegionLost;
        return new MeridianException(
            new Refusal
            {
                Code = code,
                Message = $"Region '{left.Head.Region}' was lost after {_tokens} tokens of request {RequestId}, and no other can go on with version '{Head.Version}', variant '{Head.Variant}': {why.Message}",
                RetryAfterMs = why.RetryAfterMs,
            },
            cause);
    }
}
