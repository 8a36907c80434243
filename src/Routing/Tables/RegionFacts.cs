namespace Meridian.Routing.Tables;

/// <summary>The facts about a region that a policy may weigh. Invalid values were replaced: no value is negative, infinite or NaN.</summary>
public readonly record struct RegionFacts
{
    /// <value>Smoothed round trip from this edge, ms; 0 for the edge's own region.</value>
    public double RoundTripMs { get; init; }

    /// <value>
    /// Time until all waiting items have started, ms. It is the number of queued items divided by the ready replicas (or by the running sequences, if a
    /// replica runs more than one), times the service time.
    /// </value>
    public double QueueMs { get; init; }

    /// <value>
    /// Engine time of one item, ms; 0 while unknown.
    ///
    /// For generated text it is the time of a sequence of average length beside the running sequences, or of a sequence as long as the request's own limit if
    /// this is shorter.
    ///
    /// For regions that do not report how fast they generate, only the comparable part of their figure counts: the shortest time of any busy region, plus the
    /// excess that different lengths cannot explain.
    /// </value>
    public double ServiceMs { get; init; }

    /// <value>Items per ready replica that wait or are being computed in the region.</value>
    public double LoadPerReplica { get; init; }

    /// <value>
    /// Used part of the capacity, above 1 if some items wait. The capacity is the number of slots for generated text, and the number of replicas for other
    /// work.
    /// </value>
    public double Utilization { get; init; }

    /// <value>Ready replicas of the requested model, version and variant.</value>
    public double Replicas { get; init; }

    /// <value>Price of one replica for one hour; 0 while unknown.</value>
    public double PricePerHour { get; init; }

    /// <value>Hash of the region's name, the same at every edge.</value>
    public ulong Key { get; init; }

    /// <value>Requests that this edge has in flight at the region.</value>
    public int InFlight { get; init; }

    /// <value>Expected time until the answer arrives at this edge, ms.</value>
    public double CompletionMs => RoundTripMs + QueueMs + ServiceMs;
}
