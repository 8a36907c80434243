using System.Runtime.CompilerServices;
using Meridian.Errors;
using Meridian.Federation.Regions;
using Meridian.Intents.Wire;
using Meridian.Messages;
using Meridian.Routing.Attempts;
using Meridian.Routing.Streams;

namespace Meridian.Federation.Edge;

/// <summary>
/// A stream at the edge where its request entered. Regions may be lost while it runs; its caller still sees one stream, even if several regions serve it in
/// turn.
/// <para>
/// Normal course: <see cref="ServedStream"/> is the part that one region serves. The token of the attempt that opened it fires when the caller goes, when the
/// region is lost and at the deadline. It ends the stream at the region, so a read needs no linked token.
/// </para>
/// <para>
/// Move: a read fails because the region or the replica has gone. The rest of each choice is then opened in another region: the same request, pinned to the
/// version and variant that began, within the same deadline and residency. The move is one task. The caller's token and the stream's disposal end it. A
/// cancelled read does not end it; the next read waits for the same task. The new region counts its tokens from 0; the caller's count continues. Every frame
/// must begin exactly where its choices stand, whichever region sent it. A frame that does not ends the stream with an error.
/// </para>
/// <para>
/// Same bits: for a reproducible request, a region with the same arithmetic first computes the generated tokens again and then continues with the same bits.
/// If that is not possible (the region has another arithmetic, or says that it would take too long), every frame from there on is
/// <see cref="StreamFrame.Inexact"/>.
/// </para>
/// <para>
/// Not moved: a stream whose deadline has passed; a fault of the engine, because other regions would have the same fault; a stream whose request entered at
/// another edge, because that edge moves it.
/// </para>
/// </summary>
internal sealed class FailoverStream : IRegionStream
{
    private readonly EdgeContext _edge;
    private readonly AttemptRunner _runner;
    private readonly RequestAttempts _attempts;
    private readonly InferRequest _request;
    private readonly GenerationInput _input;
    private readonly StreamProgress _progress;
    private readonly CancellationToken _caller;
    private readonly Lock _gate = new();

    /// <summary>Number of tokens that earlier regions have sent.</summary>
    private long _before;
    private long _tokens;
    private long _arrivedAt;
    private bool _ended;
    private bool _inexact;
    private Task<StreamFrame>? _move;

    // Guarded by _gate, because a disposal races with the move that writes them.
    private ServedStream _served;
    private CancellationTokenSource? _moving;
    private bool _disposed;

    public FailoverStream(EdgeContext edge, AttemptRunner runner, RequestAttempts attempts, InferRequest request, ServedStream served, CancellationToken caller)
    {
        _edge = edge;
        _runner = runner;
        _attempts = attempts;
        _request = request;
        _input = (GenerationInput)request.Input;
        _progress = new StreamProgress(_input);
        _served = served;
        _caller = caller;
        _arrivedAt = edge.Time.GetTimestamp();
        Head = served.Stream.Head;
    }

    public StreamHead Head { get; }

    public string Region => _served.Attempt.Region.Name;

    public int Moves { get; private set; }

    public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_move is not null)
            return MovedAsync(cancellationToken);
        if (_ended)
            return default;

        // The attempt's token already fires with the caller's token.
        var read = _served.Stream.ReadAsync(cancellationToken == _caller ? CancellationToken.None : cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return AwaitAsync(read, cancellationToken);
        return read.Result is { } frame ? new ValueTask<StreamFrame?>(Take(frame)) : AwaitAsync(default, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        ServedStream served;
        CancellationTokenSource? moving;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            (served, moving) = (_served, _moving);
        }

        try
        {
            if (moving is not null)
            {
                // If the move has ended meanwhile, the source is disposed already; see the catch below.
                await moving.CancelAsync().ConfigureAwait(false);
                if (_move is Task move)
                    await move.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (ObjectDisposedException)
        {
        }
        finally
        {
            await served.EndAsync().ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<StreamFrame?> AwaitAsync(ValueTask<StreamFrame?> read, CancellationToken cancellationToken)
    {
        StreamFrame? frame = null;
        Exception? failure = null;
        try
        {
            frame = await read.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (frame is not null)
            return Take(frame);
        failure ??= Unfinished();
        var loss = Judge(failure, cancellationToken);
        _move = MoveAsync(loss, failure);
        return await MovedAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The frame that the move under way brings. A failed move is kept, and every later read fails with it.</summary>
    private async ValueTask<StreamFrame?> MovedAsync(CancellationToken cancellationToken)
    {
        var frame = await _move!.WaitAsync(cancellationToken).ConfigureAwait(false);
        _move = null;
        return frame;
    }

    private StreamFrame Take(StreamFrame frame)
    {
        var due = _tokens - _before;
        if (frame.Offset != due || frame.Next < frame.Offset)
            throw Wrong($"it sent tokens {frame.Offset} to {frame.Next} where {due} were due");
        if (_progress.Take(frame) is { } fault)
            throw Wrong($"its frame at token {frame.Offset} is wrong: {fault}");
        _tokens = _before + frame.Next;
        _ended = frame.End;
        _arrivedAt = _edge.Time.GetTimestamp();
        _inexact |= frame.Inexact;
        return _before == 0 && _inexact == frame.Inexact
            ? frame
            : frame with { Offset = frame.Offset + _before, Next = frame.Next + _before, Inexact = _inexact };
    }

    private IOException Unfinished() => new($"Region '{Region}' ended the stream before its last frame.");

    private MeridianException Wrong(string fault) => new(EdgeRefusals.StreamWrong(Region, _request.RequestId, _tokens, fault));

    /// <summary>Why the region cannot go on. Returns only if another region may go on; otherwise throws.</summary>
    private Loss Judge(Exception failure, CancellationToken reader)
    {
        _caller.ThrowIfCancellationRequested();
        var served = _served;
        if (served.Attempt.Lost.IsCancellationRequested)
            return new Loss("lost", null, null, AttemptOutcome.Lost, Again: false);
        if (served.IsOver)
            throw new MeridianException(EdgeRefusals.StreamDeadline(_attempts.DeadlineMs, _tokens), failure);
        switch (failure)
        {
            case MeridianException { Refusal: var refusal } when ReplicaFault.Of(refusal) != ReplicaOutcome.None:
                return new Loss("unready", refusal.Message, refusal, AttemptOutcome.Answered, refusal.Again);
            case MeridianException { Refusal: { Code: RefusalCode.NotReady or RefusalCode.NoCapacity } refusal }:
                return new Loss("unready", refusal.Message, refusal, AttemptOutcome.Answered, Again: true);
            case MeridianException { Refusal: { Code: RefusalCode.RegionLost or RefusalCode.Cancelled } refusal }:
                return new Loss("lost", refusal.Message, refusal, AttemptOutcome.Lost, Again: false);
            case MeridianException { Refusal.Code: var code }:
                if (code == RefusalCode.Internal)
                    _edge.Count(served.Attempt, AttemptOutcome.Faulted);
                throw failure;
            case OperationCanceledException when reader.IsCancellationRequested:
                throw failure;
            default:
                if (!served.Attempt.Local)
                    _edge.Report(served.Attempt);
                return new Loss("lost", TransportFaults.Describe(failure), null, AttemptOutcome.Lost, Again: false);
        }
    }

    private async Task<StreamFrame> MoveAsync(Loss loss, Exception failure)
    {
        var left = _served;
        using var moving = CancellationTokenSource.CreateLinkedTokenSource(_caller);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _moving = moving;
        }

        try
        {
            while (true)
            {
                var attempt = left.Attempt;
                _attempts.LogLost(attempt, null, loss.Reason ?? loss.Kind);
                _edge.Count(attempt, loss.Outcome);
                EdgeMetrics.FailedOver(attempt.Region.Name, loss.Refusal, ReplicaFault.Of(loss.Refusal));
                await left.EndAsync().ConfigureAwait(false);
                if (_progress.Done)
                {
                    // All tokens have come; only the end mark is missing.
                    _ended = true;
                    return new StreamFrame { Offset = _tokens, Next = _tokens, Groups = [], End = true, Inexact = _inexact };
                }

                _attempts.Interrupted(Continued(), attempt.Region.Name, _tokens > _before, loss.Again, loss.Refusal, _arrivedAt);
                var next = _attempts.MayMove ? await _runner.OpenNextAsync(_attempts, moving.Token).ConfigureAwait(false) : null;
                if (next is null)
                    throw new MeridianException(Ended(attempt, loss), failure);
                lock (_gate)
                {
                    if (!_disposed)
                        _served = next;
                }

                if (_served != next)
                {
                    await next.EndAsync().ConfigureAwait(false);
                    throw new ObjectDisposedException(nameof(FailoverStream));
                }

                _before = _tokens;
                _inexact |= _input.Reproducible && !Head.HasArithmeticOf(next.Stream.Head);
                Moves++;
                _edge.LogMoved(_request.RequestId, attempt.Region.Name, Region, _tokens);
                StreamFrame? frame = null;
                try
                {
                    frame = await next.Stream.ReadAsync(moving.Token).ConfigureAwait(false);
                    failure = Unfinished();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }

                if (frame is not null)
                {
                    _attempts.Recovered(next.Attempt);
                    return Take(frame);
                }

                loss = Judge(failure, moving.Token);
                left = next;
            }
        }
        catch (OperationCanceledException)
        {
            _caller.ThrowIfCancellationRequested();
            throw;
        }
        finally
        {
            lock (_gate)
                _moving = null;
        }
    }

    private InferRequest Continued() => _request with
    {
        Version = Head.Version,
        Variant = Head.Variant,

        // Without the echo: the caller already has the texts of the prompts.
        Input = Rest(),
    };

    private GenerationInput Rest()
    {
        var rest = _progress.Resume(_input, Head);
        return rest with { Echo = false, Reproducible = rest.Reproducible && !_inexact };
    }

    private Refusal Ended(in Attempt attempt, Loss loss)
    {
        if (!_attempts.MayMove || _attempts.Refusal is not { } why)
            return EdgeRefusals.StreamLost(attempt.Region.Name, _request.RequestId, _tokens, loss.Reason);
        return why.Code == RefusalCode.Deadline
            ? EdgeRefusals.StreamDeadline(_attempts.DeadlineMs, _tokens)
            : EdgeRefusals.StreamStranded(attempt.Region.Name, _request.RequestId, _tokens, Head, why);
    }

    /// <param name="Kind">One word for logs.</param>
    /// <param name="Reason">The region's or the transport's reason, or null.</param>
    /// <param name="Refusal">The region's refusal, or null.</param>
    /// <param name="Outcome">The outcome that the region's breaker counts.</param>
    /// <param name="Again">Whether the same region may be tried again.</param>
    private readonly record struct Loss(string Kind, string? Reason, Refusal? Refusal, AttemptOutcome Outcome, bool Again);
}
