using System.Diagnostics.Metrics;
using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <summary>Meter <c>Meridian.Federation</c>: <c>meridian.edge.failovers</c>, attempts that went on to another region, by region and reason.</summary>
internal static class EdgeMetrics
{
    private static readonly Meter Meter = new("Meridian.Federation");
    private static readonly Counter<long> Failovers = Meter.CreateCounter<long>("meridian.edge.failovers", "{attempt}", "Attempts that did not end a request");

    public static void FailedOver(string region, RefusalCode reason)
    {
        if (Failovers.Enabled)
            Failovers.Add(1, new KeyValuePair<string, object?>("region", region), new KeyValuePair<string, object?>("reason", reason.ToString()));
    }
}
