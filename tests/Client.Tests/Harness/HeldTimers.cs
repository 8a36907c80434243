namespace Meridian.Client.Tests.Harness;

/// <summary>The system's time, but for timers of an hour and more: those run when the test says so.</summary>
internal sealed class HeldTimers : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _held = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.FromHours(1))
            return base.CreateTimer(callback, state, dueTime, period);
        var timer = new Timer(this, callback, state);
        lock (_gate)
            _held.Add(timer);
        return timer;
    }

    /// <summary>Lets the hours pass.</summary>
    public void Fire()
    {
        Timer[] due;
        lock (_gate)
            due = [.. _held];
        foreach (var timer in due)
            timer.Fire();
    }

    private sealed class Timer(HeldTimers owner, TimerCallback callback, object? state) : ITimer
    {
        public void Fire()
        {
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
