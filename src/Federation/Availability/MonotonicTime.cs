namespace Meridian.Federation.Availability;

/// <summary>
/// A clock that never goes back, for libraries that measure durations in universal time (Polly's breakers do). With a wall clock that is set back by an hour,
/// a breaker would stay open for that hour. The zero of this clock has no meaning.
/// </summary>
internal sealed class MonotonicTime(TimeProvider time) : TimeProvider
{
    private readonly long _started = time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + time.GetElapsedTime(_started);

    public override long GetTimestamp() => time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);
}
