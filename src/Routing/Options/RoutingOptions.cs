
namespace Meridian.Routing.Options;

/// <summary>Limits of the routing policies.</summary>
public sealed class RoutingOptions
{
    /// <value><c>spill-over</c>: above this queue a region's share is cut, ms of waiting. Default 100.</value>
    public double HighWaterMs { get; set; } = 100;

    /// <value><c>spill-over</c>: below this queue a region gets its share back, ms of waiting. Default 20.</value>
    public double LowWaterMs { get; set; } = 20;

    /// <value><c>spill-over</c>: time for which the queue must stay below <see cref="LowWaterMs"/> before the share rises. Default 2 s.</value>
    public TimeSpan LowWaterFor { get; set; } = TimeSpan.FromSeconds(2);

    /// <value><c>affinity</c>: how much later the answer of the request's home region may come than the answer of the best region, ms. Default 100.</value>
    public double AffinityExtraMs { get; set; } = 100;

    /// <value>
    /// <c>affinity</c>: how many more requests per ready replica this edge may have in flight at the home region than at the least busy region. Default 32.
    /// </value>
    public double AffinityExtraRequests { get; set; } = 32;

    /// <value>
    /// <c>affinity</c>: the same two limits as a ratio to the best region's time and to the least busy region's requests. For each, the larger limit applies.
    /// Default 1.5.
    /// </value>
    public double AffinityRatio { get; set; } = 1.5;

    /// <value>
    /// Policy for work that can wait (<c>service_tier: flex</c>), if the price of any region is known and the model names no policy of its own. Default
    /// <c>price</c>.
    /// </value>
    public string FlexPolicy { get; set; } = RoutingPolicyNames.Flex;

    /// <value><c>price</c>: how much later the answer of a cheaper region may come than the answer of the best region. Default 10 s.</value>
    public TimeSpan FlexExtra { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>
    /// <c>price</c>: a region counts as idle, and may be filled because of its price, while less than this part of its capacity is used. The capacity is the
    /// number of slots for generated text, and the number of replicas for other work. Default 0.5.
    /// </value>
    public double FlexLoad { get; set; } = 0.5;

    /// <value>Share of the requests that try a region with a half-open breaker, above 0 and at most 1. Default 0.05.</value>
    public double HalfOpenShare { get; set; } = 0.05;
}
