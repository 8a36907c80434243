namespace Meridian.Silo.Dev;

/// <summary>What one child did so far, as <see cref="RestartPolicy"/> wants to know it.</summary>
public sealed class RestartSchedule(TimeProvider time)
{
    private long? _readySince;

    /// <value>Exits in a row.</value>
    public int Exits { get; private set; }

    /// <summary>The child answers that it is ready. Repeating it changes nothing.</summary>
    public void Ready() => _readySince ??= time.GetTimestamp();

    /// <summary>The child exited.</summary>
    /// <returns>How long to wait before it is started again.</returns>
    public TimeSpan Exited()
    {
        var healthy = _readySince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
        _readySince = null;
        (var delay, Exits) = RestartPolicy.Next(Exits, healthy);
        return delay;
    }
}
