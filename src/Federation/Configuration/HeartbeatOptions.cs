using Meridian.Timing;

namespace Meridian.Federation.Configuration;

/// <summary>
/// How regions are watched. With the defaults a silent region is Suspect after about 1.6 s and Dead after about 2.9 s: see <see cref="Liveness.PhiAccrualDetector"/> for the formula.
/// </summary>
public sealed class HeartbeatOptions
{
    /// <value>Time between two beats. Default 200 ms.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <value>Silence on top of the usual one that a busy but healthy region may show. Default 1 s.</value>
    public TimeSpan AcceptablePause { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>Least standard deviation that the detector reckons with, however regular the beats are. Default 320 ms.</value>
    public TimeSpan MinStdDev { get; set; } = TimeSpan.FromMilliseconds(320);

    /// <value>Suspicion from which a region is Suspect. Default 1: it is wrong once in ten such silences.</value>
    public double SuspectPhi { get; set; } = 1;

    /// <value>Suspicion from which a region is Dead. Default 8: it is wrong once in 10^8 such silences.</value>
    public double DeadPhi { get; set; } = 8;

    /// <value>Silence from which a region is Dead whatever the detector has learned. Default 3.5 s.</value>
    public TimeSpan MaxSilence { get; set; } = TimeSpan.FromSeconds(3.5);

    /// <value>First pause before an unreachable region is tried again; doubles up to <see cref="MaxBackOff"/>. Default 100 ms.</value>
    public TimeSpan MinBackOff { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <value>Longest pause before an unreachable region is tried again. Default 1 s.</value>
    public TimeSpan MaxBackOff { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>The pauses between attempts at an unreachable region.</value>
    internal Backoff Pauses => new(MinBackOff, MaxBackOff);
}
