using Meridian.Silo.Configuration;

namespace Meridian.Silo.Shutdown;

/// <summary>The times of a departure, counted from the signal to stop.</summary>
/// <param name="Announce">Until when it goes on as before and says that it leaves.</param>
/// <param name="Streams">When streams of the region that still run are handed over to others.</param>
/// <param name="Work">Until when the region's work is waited for.</param>
/// <param name="Callers">When streams that callers still read here are ended.</param>
internal sealed record DepartureTimes(TimeSpan Announce, TimeSpan Streams, TimeSpan Work, TimeSpan Callers)
{
    private const double DefaultStreams = 3;

    public static DepartureTimes Of(MeridianOptions options)
    {
        // Something is left for what follows: the last event of a stream, silo and store.
        double all = options.ShutdownSeconds;
        var callers = Math.Max(all - 1, all / 2);
        return new DepartureTimes(
            TimeSpan.FromSeconds(Math.Min(options.AnnounceSeconds, callers)),
            TimeSpan.FromSeconds(Math.Min(options.StreamDrainSeconds ?? DefaultStreams, callers)),
            TimeSpan.FromSeconds(Math.Max(all * 0.7, Math.Min(options.AnnounceSeconds, callers))),
            TimeSpan.FromSeconds(callers));
    }
}
