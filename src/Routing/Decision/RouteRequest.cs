using Meridian.Routing.Residency;

namespace Meridian.Routing.Decision;

/// <summary>What a decision needs to know of a request.</summary>
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

    /// <value>Whether the work can wait and wants the least price: <c>service_tier: flex</c>.</value>
    public bool Flex { get; init; }

    /// <value>Hash of what the request shares with others that are best served in the same place (a conversation, the prompt's beginning); 0 for nothing.</value>
    public ulong Affinity { get; init; }

    /// <value>Most tokens that it generates, all its choices one by one; 0 where it does not say, or generates none.</value>
    public int MostTokens { get; init; }

    /// <value>Regions that this request has already tried.</value>
    public ReadOnlySpan<string> Excluded { get; init; }

    /// <value>
    /// Whether regions that are Dead or Unknown may be chosen when nothing else is left: a monitor that is wrong must not take the whole service down.
    /// </value>
    public bool LastResort { get; init; }
}
