using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>
/// Waits for the reads of a stream, and wakes whoever waits when nothing was sent for long; the read goes on meanwhile. Costs a token a lock that nobody contends and no
/// allocation: a read that took a token of its own to be woken by would cost both at every layer below. The timer looks twice in the longest silence.
/// </summary>
internal sealed class SilenceWatch : IValueTaskSource<bool>, IDisposable
{
    private readonly ITimer _timer;
    private readonly Action _arrive;
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core;
    private ValueTaskAwaiter<StreamFrame?> _read;

    // Under the gate. The read's end races with the timer's tick: whoever finds the waiter there takes it and wakes it, once.
    private bool _waiting;
    private bool _arrived;
    private bool _sent = true;

    public SilenceWatch(TimeProvider time, TimeSpan longestSilence)
    {
        _arrive = Arrive;
        _timer = time.CreateTimer(static state => ((SilenceWatch)state!).Tick(), this, longestSilence / 2, longestSilence / 2);
    }

    /// <summary>Takes a read to watch. The one before it must be done.</summary>
    public void Watch(ValueTask<StreamFrame?> read)
    {
        // No lock: the timer takes no notice while nobody waits, and the last read's end is past.
        _read = read.GetAwaiter();
        _arrived = _read.IsCompleted;
        if (!_arrived)
        {
            _read.UnsafeOnCompleted(_arrive);
        }
    }

    /// <summary>What the watched read brought, once <see cref="WaitAsync"/> has answered true.</summary>
    public StreamFrame? Result() => _read.GetResult();

    /// <summary>True when the watched read is done, false when it is time to send a sign of life.</summary>
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

    /// <summary>Something was sent.</summary>
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

        // Not here: the timer's thread must not write to a caller.
        ThreadPool.UnsafeQueueUserWorkItem(static watch => watch._core.SetResult(false), this, preferLocal: false);
    }
}
