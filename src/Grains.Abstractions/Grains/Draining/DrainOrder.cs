namespace Meridian.Grains.Draining;

/// <summary>A request to drain.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DrainOrder")]
public sealed record DrainOrder
{
    /// <summary>Longest deadline, s.</summary>
    public const int MaxDeadlineSeconds = 3600;

    [Id(0)] public required DrainTarget Target { get; init; }

    /// <value>Time that running streams have before they are handed over to other replicas, s, 0 to <see cref="MaxDeadlineSeconds"/>.</value>
    [Id(1)] public int DeadlineSeconds { get; init; } = 30;

    [Id(2)] public string? Reason { get; init; }

    /// <value>Name of the operator who gave the order.</value>
    [Id(3)] public string By { get; init; } = "unknown";

    /// <value>Whether a drain of the region outlives a restart of the region. Written to the store before it is acknowledged.</value>
    [Id(4)] public bool Sticky { get; init; }
}
