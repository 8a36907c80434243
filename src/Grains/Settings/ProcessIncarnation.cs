namespace Meridian.Grains.Settings;

/// <summary>Identifies one start of this process, so that a process that restarted within seconds is not confused with the previous one.</summary>
/// <param name="UnixMs">Time of the start, Unix ms.</param>
public sealed record ProcessIncarnation(long UnixMs)
{
    public static ProcessIncarnation Now(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new ProcessIncarnation(time.GetUtcNow().ToUnixTimeMilliseconds());
    }
}
