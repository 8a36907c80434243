namespace Meridian.Simulation.Model;

/// <summary>Callers beside a region ask for more than usual for a while.</summary>
internal sealed record Surge
{
    public required string Region { get; init; }

    public required double AtMinute { get; init; }

    public required double Minutes { get; init; }

    /// <value>How many times as much, 1 or more.</value>
    public required double Times { get; init; }
}
