using System.Runtime.CompilerServices;
using Meridian.Errors;
using Meridian.Federation.Availability;
using Meridian.Federation.Protocol;
using Meridian.Messages;
using Meridian.Messages.Generation;
using Meridian.Streams;

namespace Meridian.Federation.Edge;

internal sealed partial class EdgeDispatcher
{
    /// <summary>
    /// A stream at the edge where its request entered. Its caller sees one stream, whichever regions serve it in turn.
    /// <para>
    /// Leg: what one region serves. The attempt that opened it lives on with it: its one token fires with the caller, with the region's loss and at the deadline and ends the stream at
    /// the region, so that a read links nothing. It and the entry of the ledger are given back with the leg, once.
    /// </para>
    /// <para>
    /// Move: when a read fails because the region or the replica has gone, what was read of each choice is opened elsewhere, as the same request pinned to the version and variant that began, within the
    /// same deadline and residency. It is one task: the caller's token or the stream's disposal ends it, a read that is given up does not, and the next read finds it. The new leg counts its tokens
    /// from 0; the caller's count goes on. Every frame must go on exactly where its choices stand, whoever sent it: another ends the stream with an error.
    /// </para>
    /// <para>
    /// Bits: a reproducible request says so, and a region of the same arithmetic computes again what was generated before it goes on, with the same bits. Where that cannot be (another
    /// arithmetic, or the region says that it would take too long) every frame from there on is <see cref="StreamFrame.Inexact"/>.
    /// </para>
    /// <para>Not moved: the deadline, a fault of the engine, which another would have as well, and what has entered at another edge, which moves it itself.</para>
    /// </summary>
    private sealed class EdgeStream : IRegionStream
    {
        private readonly EdgeDispatcher _edge;
        private readonly Course _course;
        private readonly InferRequest _request;
        private readonly GenerationInput _input;
        private readonly StreamProgress _progress;
        private readonly CancellationToken _caller;
        private readonly Lock _gate = new();

        /// <summary>Tokens of the legs before this one.</summary>
        private long _before;
        private long _tokens;
        private long _arrivedAt;
        private bool _ended;
        private bool _inexact;
        private Task<StreamFrame>? _move;

        // Under the gate: a disposal races with the move that puts its leg here.
        private Leg _leg;
        private CancellationTokenSource? _moving;
        private bool _disposed;

        public EdgeStream(EdgeDispatcher edge, Course course, InferRequest request, Leg leg, CancellationToken caller)
        {
            _edge = edge;
            _course = course;
            _request = request;
            _input = (GenerationInput)request.Input;
            _progress = new StreamProgress(_input);
            _leg = leg;
            _caller = caller;
            _arrivedAt = edge._time.GetTimestamp();
            Head = leg.Stream.Head;
        }

        public StreamHead Head { get; }

        public string Region => _leg.Trial.Region.Name;

        public int Moves { get; private set; }

        public ValueTask<StreamFrame?> ReadAsync(CancellationToken cancellationToken)
        {
            if (_move is not null)
                return MovedAsync(cancellationToken);
            if (_ended)
                return default;

            // The caller's own token is in the attempt's already.
            var read = _leg.Stream.ReadAsync(cancellationToken == _caller ? CancellationToken.None : cancellationToken);
            if (!read.IsCompletedSuccessfully)
                return AwaitAsync(read, cancellationToken);
            return read.Result is { } frame ? new ValueTask<StreamFrame?>(Take(frame)) : AwaitAsync(default, cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            Leg leg;
            CancellationTokenSource? moving;
            lock (_gate)
            {
                if (_disposed)
                    return;
                _disposed = true;
                (leg, moving) = (_leg, _moving);
            }

            try
            {
                if (moving is not null)
                {
                    // A move that ended meanwhile has disposed it.
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
                await leg.EndAsync().ConfigureAwait(false);
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

        /// <summary>What the move under way brings. One that failed stays, and fails every read.</summary>
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
            _arrivedAt = _edge._time.GetTimestamp();
            _inexact |= frame.Inexact;
            return _before == 0 && _inexact == frame.Inexact ? frame : frame with { Offset = frame.Offset + _before, Next = frame.Next + _before, Inexact = _inexact };
        }

        private IOException Unfinished() => new($"Region '{Region}' ended the stream before its last frame.");

        private MeridianException Wrong(string fault) => new(EdgeRefusals.StreamWrong(Region, _request.RequestId, _tokens, fault));

        /// <summary>Why the region cannot go on, where another may; throws where none may.</summary>
        private Loss Judge(Exception failure, CancellationToken reader)
        {
            _caller.ThrowIfCancellationRequested();
            var leg = _leg;
            if (leg.Trial.Lost.IsCancellationRequested)
                return new Loss("lost", null, AttemptOutcome.Lost, Again: false);
            if (leg.Attempt.Token.IsCancellationRequested)
                throw new MeridianException(EdgeRefusals.StreamDeadline(_course.DeadlineMs, _tokens), failure);
            switch (failure)
            {
                case MeridianException { Refusal: { Code: RefusalCode.NotReady or RefusalCode.NoCapacity } refusal }:
                    return new Loss("unready", refusal.Message, AttemptOutcome.Answered, Again: true);
                case MeridianException { Refusal: { Code: RefusalCode.RegionLost or RefusalCode.Cancelled } refusal }:
                    return new Loss("lost", refusal.Message, AttemptOutcome.Lost, Again: false);
                case MeridianException { Refusal.Code: var code }:
                    if (code == RefusalCode.Internal)
                        _edge.Count(leg.Trial, AttemptOutcome.Faulted);
                    throw failure;
                case OperationCanceledException when reader.IsCancellationRequested:
                    throw failure;
                default:
                    if (!leg.Trial.Local)
                        _edge.Report(leg.Trial);
                    return new Loss("lost", TransportFaults.Describe(failure), AttemptOutcome.Lost, Again: false);
            }
        }

        private async Task<StreamFrame> MoveAsync(Loss loss, Exception failure)
        {
            var left = _leg;
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
                    var trial = left.Trial;
                    _course.LogLost(trial, null, loss.Reason ?? loss.Kind);
                    _edge.Count(trial, loss.Outcome);
                    EdgeMetrics.FailedOver(trial.Region.Name, loss.Again ? RefusalCode.NotReady : RefusalCode.RegionLost);
                    await left.EndAsync().ConfigureAwait(false);
                    if (_progress.Done)
                    {
                        // Only the word that nothing follows was missing.
                        _ended = true;
                        return new StreamFrame { Offset = _tokens, Next = _tokens, Groups = [], End = true, Inexact = _inexact };
                    }

                    _course.Disturbed(Onward(), trial.Region.Name, _tokens > _before, loss.Again, _arrivedAt);
                    var next = _course.MayMove ? await _edge.ReachAsync(_course, moving.Token).ConfigureAwait(false) : null;
                    if (next is null)
                        throw new MeridianException(Ended(trial, loss), failure);
                    lock (_gate)
                    {
                        if (!_disposed)
                            _leg = next;
                    }

                    if (_leg != next)
                    {
                        await next.EndAsync().ConfigureAwait(false);
                        throw new ObjectDisposedException(nameof(EdgeStream));
                    }

                    _before = _tokens;
                    _inexact |= _input.Reproducible && !Head.HasArithmeticOf(next.Stream.Head);
                    Moves++;
                    _edge.LogMoved(_request.RequestId, trial.Region.Name, Region, _tokens);
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
                        _course.Recovered(next.Trial);
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

        private InferRequest Onward() => _request with
        {
            Version = Head.Version,
            Variant = Head.Variant,

            // The texts of the prompts have been told.
            Input = Rest(),
        };

        private GenerationInput Rest()
        {
            var rest = _progress.Resume(_input, Head);
            return rest with { Echo = false, Reproducible = rest.Reproducible && !_inexact };
        }

        private Refusal Ended(in Trial trial, Loss loss)
        {
            if (!_course.MayMove || _course.Refusal is not { } why)
                return EdgeRefusals.StreamLost(trial.Region.Name, _request.RequestId, _tokens, loss.Reason);
            return why.Code == RefusalCode.Deadline
                ? EdgeRefusals.StreamDeadline(_course.DeadlineMs, _tokens)
                : EdgeRefusals.StreamStranded(trial.Region.Name, _request.RequestId, _tokens, Head, why);
        }

        /// <param name="Kind">In a word.</param>
        /// <param name="Reason">What was said of it, or null.</param>
        /// <param name="Outcome">As the region's breaker counts it.</param>
        /// <param name="Again">Whether the region itself may be asked again.</param>
        private readonly record struct Loss(string Kind, string? Reason, AttemptOutcome Outcome, bool Again);
    }

    /// <summary>What one region serves of a stream.</summary>
    private sealed class Leg(IRegionStream stream, Trial trial, AttemptSources.Attempt attempt, Routing.InFlightLedger.Entry entry)
    {
        private int _ended;

        /// <value>What lives as long as the leg beside it, or null.</value>
        public Runner? Owned { get; set; }

        public IRegionStream Stream => stream;

        public Trial Trial => trial;

        public AttemptSources.Attempt Attempt => attempt;

        /// <summary>Gives back what the leg holds. Only the first call counts. Whatever the stream says to its end matters to nobody.</summary>
        public async ValueTask EndAsync()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0)
                return;
            try
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The region is left, and what is held here is given back below: the move goes on.
            }

            attempt.Dispose();
            entry.Dispose();
            Owned?.Dispose();
        }
    }
}
