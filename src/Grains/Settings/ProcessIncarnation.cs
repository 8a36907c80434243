namespace Meridian.Grains.Settings;

/// <summary>Which start of this process it is: unix ms, so that a restart within seconds is told from the process before.</summary>
/// <param name="UnixMs">Moment of the start.</param>
public sealed record ProcessIncarnation(long UnixMs)
{
    public static ProcessIncarnation Now(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new ProcessIncarnation(time.GetUtcNow().ToUnixTimeMilliseconds());
    }
}
