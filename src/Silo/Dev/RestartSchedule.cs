namespace Meridian.Silo.Dev;

/// <summary>The history of one child, as input for <see cref="RestartPolicy"/>.</summary>
public sealed class RestartSchedule(TimeProvider time)
{
    private long? _readySince;

    /// <value>Exits in a row.</value>
    public int Exits { get; private set; }

    /// <summary>Records that the child answers that it is ready. Further calls change nothing.</summary>
    public void Ready() => _readySince ??= time.GetTimestamp();

    /// <summary>Records that the child exited.</summary>
    /// <returns>The delay before its restart.</returns>
    public TimeSpan Exited()
    {
        var healthy = _readySince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
        _readySince = null;
        (var delay, Exits) = RestartPolicy.Next(Exits, healthy);
        return delay;
    }
}
