namespace Meridian.Gateway.Generation.Answers;

/// <summary>
/// Wakes the writer of a stream that has been silent for long: its token fires then, and when the caller goes away. Costs a token of the stream one write of a flag;
/// the timer looks at it twice in the longest silence.
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    private readonly CancellationToken _aborted;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();

    // Under the gate: the timer's tick races with Restart and Dispose, which replace and dispose it.
    private CancellationTokenSource _wake;
    private bool _disposed;
    private bool _sent = true;

    public Heartbeat(TimeProvider time, TimeSpan longestSilence, CancellationToken aborted)
    {
        _aborted = aborted;
        _wake = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        Token = _wake.Token;
        _timer = time.CreateTimer(static state => ((Heartbeat)state!).Tick(), this, longestSilence / 2, longestSilence / 2);
    }

    /// <value>For the reads of the stream, until <see cref="Restart"/>.</value>
    public CancellationToken Token { get; private set; }

    /// <value>Whether the token fired because of silence.</value>
    public bool IsDue => Token.IsCancellationRequested && !_aborted.IsCancellationRequested;

    /// <summary>Something was sent.</summary>
    public void Sent() => Volatile.Write(ref _sent, true);

    /// <summary>After a wake: a new token.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            _wake.Dispose();
            _wake = CancellationTokenSource.CreateLinkedTokenSource(_aborted);
            Token = _wake.Token;
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            _disposed = true;
            _wake.Dispose();
        }
    }

    private void Tick()
    {
        lock (_gate)
        {
            if (!_disposed && !Interlocked.Exchange(ref _sent, false))
            {
                // Asynchronously: the woken writer must not run inside the gate.
                _ = _wake.CancelAsync();
            }
        }
    }
}
