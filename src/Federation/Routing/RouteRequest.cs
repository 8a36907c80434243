namespace Meridian.Federation.Routing;

/// <summary>What a decision needs to know of a request.</summary>
public readonly ref struct RouteRequest
{
    /// <value>Model as the caller named it.</value>
    public required string Model { get; init; }

    /// <value>Version that must serve, or null for any.</value>
    public string? Version { get; init; }

    /// <value>Variant that must serve, or null for any.</value>
    public string? Variant { get; init; }

    /// <value>Jurisdictions the data may enter; null for no restriction, empty for none at all.</value>
    public string[]? Residency { get; init; }

    /// <value>Regions that this request has already tried.</value>
    public ReadOnlySpan<string> Excluded { get; init; }

    /// <value>
    /// Whether regions that are Dead or Unknown may be chosen when nothing else is left: a monitor that is wrong must not take the whole service down.
    /// </value>
    public bool LastResort { get; init; }
}
