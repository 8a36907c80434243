using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>
/// Waits for the reads of a stream, and also wakes the waiter when nothing was sent for long. The read goes on meanwhile.
/// The cost for each token is one uncontended lock and no allocation. A cancellation token for each read would cost both at every layer below. The timer
/// fires twice in each longest silence.
/// </summary>
internal sealed class SilenceWatch : IValueTaskSource<bool>, IDisposable
{
    private readonly ITimer _timer;
    private readonly Action _arrive;
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core;
    private ValueTaskAwaiter<StreamFrame?> _read;

    // Guarded by _gate. The end of the read races with the timer's tick: whichever finds _waiting set clears it and wakes the waiter, so the waiter wakes
    // once.
    private bool _waiting;
    private bool _arrived;
    private bool _sent = true;

    public SilenceWatch(TimeProvider time, TimeSpan longestSilence)
    {
        _arrive = Arrive;
        _timer = time.CreateTimer(static state => ((SilenceWatch)state!).Tick(), this, longestSilence / 2, longestSilence / 2);
    }

    /// <summary>Starts to watch a read. The previous read must be done.</summary>
    public void Watch(ValueTask<StreamFrame?> read)
    {
        // No lock is needed: the timer does nothing while nobody waits, and the previous read has ended.
        _read = read.GetAwaiter();
        _arrived = _read.IsCompleted;
        if (!_arrived)
        {
            _read.UnsafeOnCompleted(_arrive);
        }
    }

    /// <summary>Returns the result of the watched read. Call it after <see cref="WaitAsync"/> has returned true.</summary>
    public StreamFrame? Result() => _read.GetResult();

    /// <summary>Returns true when the watched read is done, and false when it is time to send a keep-alive comment.</summary>
    public ValueTask<bool> WaitAsync()
    {
        lock (_gate)
        {
            if (_arrived)
            {
                return new(true);
            }

            _core.Reset();
            _waiting = true;
            return new(this, _core.Version);
        }
    }

    /// <summary>Records that something was sent to the caller.</summary>
    public void Sent() => Volatile.Write(ref _sent, true);

    public void Dispose() => _timer.Dispose();

    bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Arrive()
    {
        lock (_gate)
        {
            _arrived = true;
            if (!_waiting)
            {
                return;
            }

            _waiting = false;
        }

        _core.SetResult(true);
    }

    private void Tick()
    {
        lock (_gate)
        {
            if (Interlocked.Exchange(ref _sent, false) || !_waiting)
            {
                return;
            }

            _waiting = false;
        }

        // Wake the waiter on the thread pool: the timer's thread must not write to a caller.
        ThreadPool.UnsafeQueueUserWorkItem(static watch => watch._core.SetResult(false), this, preferLocal: false);
    }
}
