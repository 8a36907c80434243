namespace Meridian.Federation.Availability;

/// <summary>
/// A clock that only goes forward, for libraries that reckon durations in universal time (Polly's breakers do): a wall clock that is set back by an hour would keep
/// a breaker open for that hour. Its zero means nothing.
/// </summary>
internal sealed class MonotonicTime(TimeProvider time) : TimeProvider
{
    private readonly long _started = time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + time.GetElapsedTime(_started);

    public override long GetTimestamp() => time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);
}
