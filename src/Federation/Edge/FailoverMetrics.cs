using System.Diagnostics.Metrics;

namespace Meridian.Federation.Edge;

/// <summary>
/// Meter <c>Meridian.Federation</c>, what the loss of a region cost whoever was served by it, ms; <c>kind</c> is <c>stream</c> for one that had begun, else <c>request</c>.
/// <c>meridian.failover.detect</c>: from the last token, or the beginning of the first attempt, to the failure's notice.
/// <c>meridian.failover.decide</c>: from there to the attempt that succeeded, failed ones and waits for a region included.
/// <c>meridian.failover.reopen</c>: from there to its answer or first frame. <c>meridian.failover.stall</c>: all three.
/// </summary>
internal static class FailoverMetrics
{
    private static readonly Meter Meter = new("Meridian.Federation");
    private static readonly Histogram<double> Detect = Phase("meridian.failover.detect", "Last sign of a region to the notice of its loss");
    private static readonly Histogram<double> Decide = Phase("meridian.failover.decide", "Notice of a loss to the beginning of the attempt that succeeded");
    private static readonly Histogram<double> Reopen = Phase("meridian.failover.reopen", "Beginning of the attempt that succeeded to its answer");
    private static readonly Histogram<double> Stall = Phase("meridian.failover.stall", "Last sign of the lost region to the next one's answer");

    public static void Recovered(bool stream, double detectMs, double decideMs, double reopenMs)
    {
        var kind = new KeyValuePair<string, object?>("kind", stream ? "stream" : "request");
        Detect.Record(detectMs, kind);
        Decide.Record(decideMs, kind);
        Reopen.Record(reopenMs, kind);
        Stall.Record(detectMs + decideMs + reopenMs, kind);
    }

    private static Histogram<double> Phase(string name, string description) => Meter.CreateHistogram<double>(name, "ms", description);
}
