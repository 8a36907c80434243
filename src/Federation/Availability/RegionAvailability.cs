using Meridian.Routing.Attempts;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Availability;

/// <summary>
/// Whether requests should go to a region that liveness judges alive, and how many: its breaker, and the slow start of a region that has returned. Outcomes come from
/// any thread; the rest is the liveness thread's.
/// <para>
/// Belongs to one incarnation at a time. A new one begins with a closed breaker: what its predecessor did says nothing about it. The same process heard again after a
/// silence keeps its breaker: what failed may fail still.
/// </para>
/// </summary>
internal sealed class RegionAvailability(AvailabilityOptions options, TimeProvider time, MonotonicTime monotonic)
{
    private const long Warm = long.MinValue;

    private Life? _life;

    // Written by a report that closes the breaker and by the liveness thread; either is right about when the region returned.
    private long _warmingSince = Warm;

    public BreakerState Breaker => Volatile.Read(ref _life)?.Breaker.State ?? BreakerState.Closed;

    /// <summary>A life of the region has begun.</summary>
    /// <param name="incarnation">Reports about any other are ignored from now on.</param>
    /// <param name="returned">It was away, or is another process than before: it is loaded gently.</param>
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

    /// <summary>Share of its fair load, above 0 to 1; the least one while the breaker is not closed.</summary>
    public double Weight(long now)
    {
        if (Breaker != BreakerState.Closed)
            return options.SlowStartFloor;
        var since = Volatile.Read(ref _warmingSince);
        return since == Warm ? 1 : SlowStart.Weight(time.GetElapsedTime(since, now), options);
    }

    private sealed record Life(long Incarnation, RegionBreaker Breaker);
}
