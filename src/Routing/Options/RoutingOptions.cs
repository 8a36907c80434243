
namespace Meridian.Routing.Options;

/// <summary>Limits that routing policies go by.</summary>
public sealed class RoutingOptions
{
    /// <value><c>spill-over</c>: queue from which a region's share is cut, ms of waiting. Default 100.</value>
    public double HighWaterMs { get; set; } = 100;

    /// <value><c>spill-over</c>: queue below which a region gets its share back, ms of waiting. Default 20.</value>
    public double LowWaterMs { get; set; } = 20;

    /// <value><c>spill-over</c>: how long the queue must have been below <see cref="LowWaterMs"/> before the share rises. Default 2 s.</value>
    public TimeSpan LowWaterFor { get; set; } = TimeSpan.FromSeconds(2);

    /// <value><c>affinity</c>: how much later than at the best region the answer may come from the region that a request belongs to, ms. Default 100.</value>
    public double AffinityExtraMs { get; set; } = 100;

    /// <value><c>affinity</c>: how many more requests a ready replica this edge may have under way there than at the least busy region. Default 32.</value>
    public double AffinityExtraRequests { get; set; } = 32;

    /// <value><c>affinity</c>: how many times the best region's time, or the least busy one's requests, it may have where that is more than the two limits above. Default 1.5.</value>
    public double AffinityRatio { get; set; } = 1.5;

    /// <value>Policy of work that can wait (<c>service_tier: flex</c>) where the price of any region is known and the model names no policy of its own. Default <c>price</c>.</value>
    public string FlexPolicy { get; set; } = RoutingPolicyNames.Flex;

    /// <value><c>price</c>: how much later than at the best region the answer may come from a cheaper one. Default 10 s.</value>
    public TimeSpan FlexExtra { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>
    /// <c>price</c>: part of a region's capacity, of text its sequences and of other work its replicas, up to which it counts as idle and is filled for its price. Default 0.5.
    /// </value>
    public double FlexLoad { get; set; } = 0.5;

    /// <value>Share of the requests that a region with a half-open breaker is tried with, above 0 to 1. Default 0.05.</value>
    public double HalfOpenShare { get; set; } = 0.05;
}
