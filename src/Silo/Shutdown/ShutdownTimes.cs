using Meridian.Silo.Configuration;

namespace Meridian.Silo.Shutdown;

/// <summary>The times of a shutdown, counted from the signal to stop.</summary>
/// <param name="Announce">Until then the process serves as before and announces its shutdown.</param>
/// <param name="Streams">At this time, the region's running streams are handed over to other replicas.</param>
/// <param name="Work">Until then the shutdown waits for the region's work.</param>
/// <param name="Callers">At this time, streams that callers still read from this process are ended.</param>
internal sealed record ShutdownTimes(TimeSpan Announce, TimeSpan Streams, TimeSpan Work, TimeSpan Callers)
{
    private const double DefaultStreams = 3;

    public static ShutdownTimes Of(MeridianOptions options)
    {
        // Keep some time for the rest of the shutdown: the last event of each stream, the silo and the store.
        double all = options.ShutdownSeconds;
        var callers = Math.Max(all - 1, all / 2);
        return new ShutdownTimes(
            TimeSpan.FromSeconds(Math.Min(options.AnnounceSeconds, callers)),
            TimeSpan.FromSeconds(Math.Min(options.StreamDrainSeconds ?? DefaultStreams, callers)),
            TimeSpan.FromSeconds(Math.Max(all * 0.7, Math.Min(options.AnnounceSeconds, callers))),
            TimeSpan.FromSeconds(callers));
    }
}
