using Meridian.Routing.Residency;

namespace Meridian.Routing.Decision;

/// <summary>The properties of a request that a routing decision needs.</summary>
public readonly ref struct RouteRequest
{
    /// <value>Model as the caller named it.</value>
    public required string Model { get; init; }

    /// <value>Version that must serve, or null for any.</value>
    public string? Version { get; init; }

    /// <value>Variant that must serve, or null for any.</value>
    public string? Variant { get; init; }

    /// <value>Where the data may go.</value>
    public DataBoundary Boundary { get; init; }

    /// <value>Whether the work can wait and should cost as little as possible: <c>service_tier: flex</c>.</value>
    public bool Flex { get; init; }

    /// <value>
    /// Hash of a property that the request shares with others which are best served in the same place (the conversation, or the beginning of the prompt); 0
    /// for none.
    /// </value>
    public ulong Affinity { get; init; }

    /// <value>Most tokens that the request generates for each of its choices; 0 if it sets no limit or generates nothing.</value>
    public int MostTokens { get; init; }

    /// <value>Regions that this request has already tried.</value>
    public ReadOnlySpan<string> Excluded { get; init; }

    /// <value>
    /// Whether regions that are draining, Dead or Unknown may be chosen when no other region is left. A wrong health monitor must not stop the whole service.
    /// </value>
    public bool LastResort { get; init; }
}
