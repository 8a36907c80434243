using System.Diagnostics.Metrics;

namespace Meridian.Federation.Edge;

/// <summary>
/// Meter <c>Meridian.Federation</c>: time that the loss of a region cost the requests it served, ms. <c>kind</c> is <c>stream</c> for a stream that had
/// begun, otherwise <c>request</c>.
/// <c>meridian.failover.detect</c>: from the last token, or from the beginning of the first attempt, until the failure is noticed.
/// <c>meridian.failover.decide</c>: from there to the beginning of the attempt that succeeds, including failed attempts and waits for a region.
/// <c>meridian.failover.reopen</c>: from there to the answer or the first frame. <c>meridian.failover.stall</c>: the sum of all three.
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
