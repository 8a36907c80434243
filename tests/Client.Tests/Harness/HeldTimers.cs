namespace Meridian.Client.Tests.Harness;

/// <summary>The system's time, but for timers of <paramref name="from"/> and more: those run when the test says so.</summary>
internal sealed class HeldTimers(TimeSpan from) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _held = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < from)
            return base.CreateTimer(callback, state, dueTime, period);
        var timer = new Timer(this, dueTime, period, callback, state);
        lock (_gate)
            _held.Add(timer);
        return timer;
    }

    /// <summary>Runs those that were to run within <paramref name="span"/> of their making.</summary>
    public void Pass(TimeSpan span)
    {
        Timer[] due;
        lock (_gate)
            due = [.. _held.Where(t => t.Due <= span)];
        foreach (var timer in due)
            timer.Fire();
    }

    private sealed class Timer(HeldTimers owner, TimeSpan due, TimeSpan period, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due => due;

        public void Fire()
        {
            if (period == Timeout.InfiniteTimeSpan)
                Dispose();
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            lock (owner._gate)
                owner._held.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
