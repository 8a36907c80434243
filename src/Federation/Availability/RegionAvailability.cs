using Meridian.Routing.Attempts;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Availability;

/// <summary>
/// Says whether a region that liveness judges alive should get requests, and how many. Consists of the region's breaker and of the slow start of a region
/// that has returned. Any thread may report outcomes; only the liveness thread calls the rest.
/// <para>
/// Belongs to one incarnation at a time. A new incarnation begins with a closed breaker, because failures of the old process say nothing about it. If the
/// same process is heard again after a silence, it keeps its breaker: the cause of its failures may still be there.
/// </para>
/// </summary>
internal sealed class RegionAvailability(AvailabilityOptions options, TimeProvider time, MonotonicTime monotonic)
{
    private const long Warm = long.MinValue;

    private Life? _life;

    // Written by a report that closes the breaker and by the liveness thread. If both write, either time is a correct time of the return.
    private long _warmingSince = Warm;

    public BreakerState Breaker => Volatile.Read(ref _life)?.Breaker.State ?? BreakerState.Closed;

    /// <summary>A life of the region has begun.</summary>
    /// <param name="incarnation">Reports about any other are ignored from now on.</param>
    /// <param name="returned">Whether the region was away or runs in a new process: its load then rises slowly.</param>
    /// <param name="now">Timestamp.</param>
    public void Begin(long incarnation, bool returned, long now)
    {
        if (Volatile.Read(ref _life) is not { } life || life.Incarnation != incarnation)
            Volatile.Write(ref _life, new Life(incarnation, new RegionBreaker(options, time, monotonic)));
        Volatile.Write(ref _warmingSince, returned && options.SlowStart > TimeSpan.Zero ? now : Warm);
    }

    /// <summary>Counts an attempt that has ended. Returns whether the breaker's state changed.</summary>
    public bool Report(long incarnation, AttemptOutcome outcome)
    {
        if (Volatile.Read(ref _life) is not { } life || life.Incarnation != incarnation || !life.Breaker.Report(outcome))
            return false;
        if (life.Breaker.State == BreakerState.Closed && options.SlowStart > TimeSpan.Zero)
            Volatile.Write(ref _warmingSince, time.GetTimestamp());
        return true;
    }

    /// <summary>Time has passed. Returns whether the breaker's state changed.</summary>
    public bool Advance(long now) => Volatile.Read(ref _life)?.Breaker.Advance(now) ?? false;

    /// <summary>
    /// The region's share of its fair load, above 0 to 1. While the breaker is not closed, it is <see cref="AvailabilityOptions.SlowStartFloor"/>.
    /// </summary>
    public double Weight(long now)
    {
        if (Breaker != BreakerState.Closed)
            return options.SlowStartFloor;
        var since = Volatile.Read(ref _warmingSince);
        return since == Warm ? 1 : SlowStart.Weight(time.GetElapsedTime(since, now), options);
    }

    private sealed record Life(long Incarnation, RegionBreaker Breaker);
}
