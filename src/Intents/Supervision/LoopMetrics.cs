using System.Diagnostics.Metrics;

namespace Meridian.Intents.Supervision;

/// <summary>
/// Meter <c>Meridian.Federation</c>: <c>meridian.loop.failures</c> counts the failures of background loops, by loop. A restart followed each failure.
/// </summary>
internal static class LoopMetrics
{
    private static readonly Meter Meter = new("Meridian.Federation");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("meridian.loop.failures", "{failure}", "Failures of background loops of this process, each followed by a restart");

    public static void Failed(string loop) => Failures.Add(1, new KeyValuePair<string, object?>("loop", loop));
}
