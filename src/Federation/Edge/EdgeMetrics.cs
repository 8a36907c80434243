using System.Diagnostics.Metrics;
using Meridian.Messages;
using Meridian.Routing.Attempts;

namespace Meridian.Federation.Edge;

/// <summary>
/// Meter <c>Meridian.Federation</c>.
/// <c>meridian.edge.failovers</c>: attempts after which another replica or another region was tried, by region and reason.
/// <c>meridian.edge.hedges</c>: requests that were slow enough for a second region, by outcome: <c>won</c> (the second region answered first), <c>lost</c>
/// (the first region answered first), <c>failed</c> (neither answered) or <c>none</c> (no second region was ready).
/// </summary>
internal static class EdgeMetrics
{
    private static readonly Meter Meter = new("Meridian.Federation");
    private static readonly Counter<long> Failovers = Meter.CreateCounter<long>("meridian.edge.failovers", "{attempt}", "Attempts that did not end a request");
    private static readonly Counter<long> Hedges = Meter.CreateCounter<long>("meridian.edge.hedges", "{request}", "Requests that were sent to a second region for want of an answer");

    public static void Hedged(string outcome) => Hedges.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <param name="refusal">The refusal that ended the attempt, or null.</param>
    /// <param name="replica">Whether the refusal is the outcome of one replica.</param>
    public static void FailedOver(string region, Refusal? refusal, ReplicaOutcome replica)
    {
        if (!Failovers.Enabled)
            return;
        var reason = (replica, refusal?.Code) switch
        {
            (ReplicaOutcome.Lost, _) => "ReplicaLost",
            (ReplicaOutcome.Full, _) => "ReplicaFull",
            (_, null or RefusalCode.Cancelled) => nameof(RefusalCode.RegionLost),
            var (_, code) => code.Value.ToString(),
        };
        Failovers.Add(1, new KeyValuePair<string, object?>("region", region), new KeyValuePair<string, object?>("reason", reason));
    }
}
