namespace Meridian.Grains.Draining;

/// <summary>One drain and how far it is.</summary>
[GenerateSerializer, Immutable, Alias("meridian.DrainReport")]
public sealed record DrainReport
{
    /// <value>Different for every order, a repeated one included.</value>
    [Id(0)] public required long Id { get; init; }

    /// <value>With a silo's address in full.</value>
    [Id(1)] public required DrainTarget Target { get; init; }

    [Id(2)] public required DrainState State { get; init; }

    [Id(3)] public required DateTimeOffset Since { get; init; }

    /// <value>When streams are handed over.</value>
    [Id(4)] public required DateTimeOffset Deadline { get; init; }

    /// <value>The deadline has passed.</value>
    [Id(5)] public required bool Overdue { get; init; }

    [Id(6)] public required string By { get; init; }

    [Id(7)] public string? Reason { get; init; }

    [Id(8)] public bool Sticky { get; init; }

    /// <value>What still runs there.</value>
    [Id(9)] public required WorkCount Work { get; init; }

    /// <value>Silos that have not said what they do since the drain began.</value>
    [Id(10)] public int Unheard { get; init; }
}
