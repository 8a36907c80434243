namespace Meridian.Federation.Routing;

/// <summary>A region that may serve, for the length of one decision.</summary>
public record struct RoutingCandidate
{
    /// <value>Position in the intent's regions, and so in <see cref="RoutingContext.Facts"/>.</value>
    public required int Region { get; init; }

    /// <value>Requests this edge has under way there now.</value>
    public required int InFlight { get; init; }

    /// <value>The policy's; lower is better.</value>
    public required double Score { get; set; }
}
