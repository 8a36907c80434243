namespace Meridian.Routing.Tables;

/// <summary>What a policy may weigh of one region, cleaned of the absurd: nothing here is negative, infinite or undefined.</summary>
public readonly record struct RegionFacts
{
    /// <value>Smoothed round trip from this edge, ms; 0 for the edge's own region.</value>
    public double RoundTripMs { get; init; }

    /// <value>Time that what waits now will take, ms: queued items a ready replica, or a running sequence where more than one runs in a replica, times the service time.</value>
    public double QueueMs { get; init; }

    /// <value>Engine time of one item, ms; 0 while unknown. Of generated text the time of a sequence of usual length, or of the request's own limit where that is less, beside what runs there; from regions that do not say how fast they are, what counts of their figure: the least of any busy region, and what exceeds that by more than lengths explain.</value>
    public double ServiceMs { get; init; }

    /// <value>Items waiting or being computed in the region, a ready replica.</value>
    public double LoadPerReplica { get; init; }

    /// <value>Part of the capacity that is taken, above 1 where some wait: of text the slots, of other work the replicas.</value>
    public double Utilization { get; init; }

    /// <value>Ready replicas that would do.</value>
    public double Replicas { get; init; }

    /// <value>Price of a replica's hour; 0 while unknown.</value>
    public double PricePerHour { get; init; }

    /// <value>Hash of the region's name, the same at every edge.</value>
    public ulong Key { get; init; }

    /// <value>Requests this edge has under way there.</value>
    public int InFlight { get; init; }

    /// <value>Time until an answer is expected here, ms.</value>
    public double CompletionMs => RoundTripMs + QueueMs + ServiceMs;
}
