namespace Meridian.Grains.Draining;

/// <summary>One drain and how far it is.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DrainReport")]
public sealed record DrainReport
{
    /// <value>Unique for every order, also for a repeated order.</value>
    [Id(0)] public required long Id { get; init; }

    /// <value>The target. A silo's address is complete.</value>
    [Id(1)] public required DrainTarget Target { get; init; }

    [Id(2)] public required DrainState State { get; init; }

    [Id(3)] public required DateTimeOffset Since { get; init; }

    /// <value>The time at which streams are handed over.</value>
    [Id(4)] public required DateTimeOffset Deadline { get; init; }

    /// <value>Whether the deadline has passed.</value>
    [Id(5)] public required bool Overdue { get; init; }

    [Id(6)] public required string By { get; init; }

    [Id(7)] public string? Reason { get; init; }

    [Id(8)] public bool Sticky { get; init; }

    /// <value>The work that still runs at the target.</value>
    [Id(9)] public required WorkCount Work { get; init; }

    /// <value>Silos that have not reported their work since the drain began.</value>
    [Id(10)] public int Unheard { get; init; }
}
