using System.Threading.Tasks.Sources;
using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Streams;

/// <summary>
/// The ring between the engine's thread, which appends tokens, and one reader.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>The engine reserves room before it computes a token (<see cref="TryReserve"/>), so a computed token always fits. If there is no room, the stream
/// remembers that the engine waits, and the reader that makes room wakes the engine. Both happen under the ring's lock, so no wake-up is lost.</item>
/// <item>The engine appends all tokens of a step before it signals. The reader then gets one group for each choice, instead of one wake-up for each
/// token.</item>
/// <item>A signal, a cancelled wait and a cancelled stream may race to end a wait. The caller that clears <see cref="_waiting"/> under the lock completes the
/// wait.</item>
/// <item>After a failure, the reader first gets the tokens that came before it, then the exception. The stream continues from these tokens at another
/// replica.</item>
/// </list>
/// </remarks>
internal sealed class GenerationStream : IGenerationStream, IValueTaskSource<GenerationFrame>
{
    private const int FirstCapacity = 16;

    private readonly IStreamHost _host;
    private readonly int _capacity;
    private readonly int _choices;
    private readonly Lock _gate = new();
    private readonly List<GenerationGroup> _prologue = [];
    private ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _waitCancellation;

    private TokenEvent[] _events = [];
    private int[]? _countOf;
    private long _base;
    private long _tail;
    private long _readFrom;
    private int _reserved;
    private int _unfinished;
    private bool _waiting;
    private bool _ended;
    private bool _engineWaits;
    private Exception? _failure;
    private (long At, long Steps) _cancellation;
    private volatile bool _cancelled;
    private volatile bool _inexact;

    /// <param name="host">The engine.</param>
    /// <param name="head">The data known before the first token.</param>
    /// <param name="choices">Number of choices in the request.</param>
    /// <param name="unfinished">Number of choices that have not ended yet.</param>
    /// <param name="capacity">Most tokens that wait for the reader.</param>
    public GenerationStream(IStreamHost host, GenerationHead head, int choices, int unfinished, int capacity)
    {
        _host = host;
        Head = head;
        _choices = choices;
        _unfinished = unfinished;
        _capacity = capacity;
        _ended = unfinished == 0;
    }

    /// <inheritdoc />
    public GenerationHead Head { get; }

    /// <inheritdoc />
    public int CachedTokens { get; set; }

    /// <inheritdoc />
    public float QueueMs { get; set; }

    /// <value>Timestamp of the admission.</value>
    public long Admitted { get; set; }

    /// <value>Whether the engine has computed anything for the stream. Used by the engine's thread only.</value>
    public bool Begun { get; set; }

    /// <value>Whether the current step has already listed this stream for a signal. Used by the engine's thread only.</value>
    public bool Touched { get; set; }

    public bool IsCancelled => _cancelled;

    /// <value>Timestamp of the cancellation, and the number of steps computed by then. Valid once <see cref="IsCancelled"/> is true.</value>
    public (long At, long Steps) Cancellation
    {
        get
        {
            lock (_gate)
                return _cancellation;
        }
    }

    /// <summary>
    /// Marks the stream as inexact: all later frames say that their bits may differ from those of the request alone. Must be called before the first token that
    /// may differ.
    /// </summary>
    public void MarkInexact() => _inexact = true;

    /// <value>Whether the stream has ended or failed, so that no token can be appended any more.</value>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _ended || _failure is not null;
        }
    }

    /// <summary>Whether there is room for a token. If not, the reader wakes the engine when it makes room.</summary>
    public bool HasRoom()
    {
        lock (_gate)
        {
            if (_tail - _base + _reserved < _capacity)
                return true;
            _engineWaits = true;
            return false;
        }
    }

    /// <summary>Reserves room for one token of the step that is being assembled. If there is no room, the reader wakes the engine when it makes room.</summary>
    public bool TryReserve()
    {
        lock (_gate)
        {
            if (_tail - _base + _reserved < _capacity)
            {
                _reserved++;
                return true;
            }

            _engineWaits = true;
            return false;
        }
    }

    /// <summary>Returns reserved room: the step failed, or the token is no longer wanted.</summary>
    public void Unreserve()
    {
        lock (_gate)
            _reserved--;
    }

    /// <summary>Appends a token in reserved room. <see cref="Signal"/> wakes the reader; a reader that does not wait may find the token earlier.</summary>
    public void Append(in TokenEvent token)
    {
        lock (_gate)
        {
            _reserved--;
            if (_ended || _failure is not null || _cancelled)
                return;
            var held = (int)(_tail - _base);
            if (held == _events.Length)
                Grow(held);
            _events[(int)(_tail % _events.Length)] = token;
            _tail++;
            if (token.Finish is not null && --_unfinished == 0)
                _ended = true;
        }
    }

    /// <summary>Ends a resumed choice whose ids already end it. Must be called before the stream is handed to the caller.</summary>
    public void FinishAtOnce(int choice, int position, GenerationFinish finish, bool logprobs)
    {
        lock (_gate)
        {
            _prologue.Add(new GenerationGroup(choice, position, [], "", logprobs ? [] : null, finish));
            if (--_unfinished == 0)
                _ended = true;
        }
    }

    /// <summary>Wakes the reader if it waits and there is something to read.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            if (!_waiting || !IsReady(_readFrom))
                return;
            _waiting = false;
        }

        _wait.SetResult(true);
    }

    /// <summary>Ends the stream with an exception. The reader gets it after the tokens that are already in the ring.</summary>
    public void Fail(Exception exception)
    {
        lock (_gate)
        {
            if (_ended || _failure is not null)
                return;
            _failure = exception;
        }

        Signal();
    }

    /// <inheritdoc />
    public void Cancel()
    {
        bool waited;
        lock (_gate)
        {
            if (_cancelled || _ended || _failure is not null)
                return;

            // Set before StepsDone is read. Every step assembled after that read sees the cancellation, so at most the current step still computes the stream.
            _cancelled = true;
            _cancellation = (_host.Time.GetTimestamp(), _host.StepsDone);
            waited = _waiting;
            _waiting = false;
        }

        if (waited)
            _wait.SetException(Cancelled());
        _host.Cancelled();
    }

    /// <inheritdoc />
    public ValueTask<GenerationFrame> ReadAsync(long offset, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<GenerationFrame>(cancellationToken);
        GenerationFrame? frame = null;
        short version = 0;
        bool wake;
        lock (_gate)
        {
            if (_waiting)
                throw new InvalidOperationException("The stream is being read already. One reader at a time: await the last read first.");
            if (_cancelled)
                return ValueTask.FromException<GenerationFrame>(Cancelled());
            if (offset < _base || offset > _tail)
            {
                return ValueTask.FromException<GenerationFrame>(new ArgumentOutOfRangeException(
                    nameof(offset), offset, $"The stream holds tokens {_base} to {_tail}. Read from 0, or from the end of the last frame; the newest frame may be read again."));
            }

            wake = Forget(offset);
            if (IsReady(offset))
            {
                if (Exhausted(offset))
                    return ValueTask.FromException<GenerationFrame>(_failure!);
                frame = Frame(offset);
            }
            else
            {
                _readFrom = offset;
                _waiting = true;
                _wait.Reset();
                version = _wait.Version;
            }
        }

        if (wake)
            _host.Wake();
        if (frame is not null)
            return new ValueTask<GenerationFrame>(frame);
        if (cancellationToken.CanBeCanceled)
        {
            _waitCancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((GenerationStream)state!).EndWait(token), this);
        }

        return new ValueTask<GenerationFrame>(this, version);
    }

    GenerationFrame IValueTaskSource<GenerationFrame>.GetResult(short token)
    {
        // Dispose waits for a running callback, and the callback takes the lock. So Dispose must not run under the lock. After it, no old callback can end the
        // next wait.
        _waitCancellation.Dispose();
        _waitCancellation = default;
        _ = _wait.GetResult(token);
        lock (_gate)
        {
            if (_cancelled)
                throw Cancelled();
            if (Exhausted(_readFrom))
                throw _failure!;
            return Frame(_readFrom);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<GenerationFrame>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<GenerationFrame>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private static OperationCanceledException Cancelled() => new("The stream was cancelled.");

    private void EndWait(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_waiting)
                return;
            _waiting = false;
        }

        _wait.SetException(new OperationCanceledException(token));
    }

    private bool IsReady(long offset) => _tail > offset || _ended || _failure is not null;

    private bool Exhausted(long offset) => _failure is not null && _tail == offset && !_ended;

    /// <summary>Drops the tokens before an offset. True: the engine waits for the room that this made.</summary>
    private bool Forget(long offset)
    {
        if (offset == _base)
            return false;
        while (_base < offset)
        {
            _events[(int)(_base % _events.Length)] = default;
            _base++;
        }

        var wake = _engineWaits;
        _engineWaits = false;
        return wake;
    }

    private void Grow(int held)
    {
        var larger = new TokenEvent[Math.Min(Math.Max(_capacity, 1), Math.Max(FirstCapacity, held * 2))];
        for (var at = _base; at < _tail; at++)
            larger[(int)(at % larger.Length)] = _events[(int)(at % _events.Length)];
        _events = larger;
    }

    private ref readonly TokenEvent At(long offset) => ref _events[(int)(offset % _events.Length)];

    private GenerationFrame Frame(long offset)
    {
        var prologue = offset == 0 ? _prologue.Count : 0;
        var count = (int)(_tail - offset);
        GenerationGroup[] groups;
        if (count == 0)
        {
            groups = prologue == 0 ? [] : [.. _prologue];
        }
        else if (_choices == 1)
        {
            groups = [Group(offset, At(offset).Choice, count)];
        }
        else
        {
            var countOf = _countOf ??= new int[_choices];
            Array.Clear(countOf);
            var distinct = 0;
            for (var at = offset; at < _tail; at++)
            {
                if (countOf[At(at).Choice]++ == 0)
                    distinct++;
            }

            groups = new GenerationGroup[prologue + distinct];
            for (var i = 0; i < prologue; i++)
                groups[i] = _prologue[i];
            var next = prologue;
            for (var at = offset; at < _tail; at++)
            {
                var choice = At(at).Choice;
                if (countOf[choice] == 0)
                    continue;
                groups[next++] = Group(at, choice, countOf[choice]);
                countOf[choice] = 0;
            }
        }

        return new GenerationFrame(offset, _tail, groups, _ended, _inexact);
    }

    private GenerationGroup Group(long first, int choice, int count)
    {
        ref readonly var head = ref At(first);
        if (count == 1)
            return new GenerationGroup(choice, head.Position, [head.Id], head.Text, head.Logprob is null ? null : [head.Logprob], head.Finish);
        var ids = new int[count];
        var texts = new string[count];
        var logprobs = head.Logprob is null ? null : new GeneratedLogprob[count];
        GenerationFinish? finish = null;
        var next = 0;
        for (var at = first; next < count; at++)
        {
            ref readonly var token = ref At(at);
            if (token.Choice != choice)
                continue;
            ids[next] = token.Id;
            texts[next] = token.Text;
            if (logprobs is not null)
                logprobs[next] = token.Logprob!;
            finish = token.Finish;
            next++;
        }

        return new GenerationGroup(choice, head.Position, ids, string.Concat(texts), logprobs, finish);
    }
}
