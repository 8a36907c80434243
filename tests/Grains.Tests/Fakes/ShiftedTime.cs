
namespace Meridian.Grains.Tests.Fakes;

/// <summary>The system's clock, which a test can move forward: timers that are due then fire before the test goes on. For a whole region, which does not start on a clock that stands still.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<Timer> _timers = [];
    private TimeSpan _shift;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Shift;

    public override long GetTimestamp() => System.GetTimestamp() + (Shift.Ticks * TimestampFrequency / TimeSpan.TicksPerSecond);

    private TimeSpan Shift
    {
        get
        {
            lock (_lock) return _shift;
        }
    }

    public void Advance(TimeSpan by)
    {
        Timer[] timers;
        lock (_lock)
        {
            _shift += by;
            timers = [.. _timers];
        }

        foreach (var timer in timers) timer.FireIfDue();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        lock (_lock) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer : ITimer
    {
        private readonly ShiftedTime _time;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _real;
        private readonly Lock _lock = new();
        private DateTimeOffset? _due;
        private TimeSpan _period;

        public Timer(ShiftedTime time, TimerCallback callback, object? state)
        {
            (_time, _callback, _state) = (time, callback, state);
            _real = System.CreateTimer(static timer => ((Timer)timer!).Fire(early: true), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_lock)
            {
                _period = period;
                Arm(dueTime);
            }

            return true;
        }

        public void FireIfDue() => Fire(early: false);

        public void Dispose()
        {
            lock (_lock) _due = null;
            lock (_time._lock) _time._timers.Remove(this);
            _real.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Fire(bool early)
        {
            lock (_lock)
            {
                // The real timer may come a hair early; after a shift it comes for nothing.
                if (_due is not { } due || _time.GetUtcNow() + (early ? TimeSpan.FromMilliseconds(50) : TimeSpan.Zero) < due) return;
                Arm(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);
            }

            _callback(_state);
        }

        private void Arm(TimeSpan dueTime)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? null : _time.GetUtcNow() + dueTime;
            _real.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }
}
