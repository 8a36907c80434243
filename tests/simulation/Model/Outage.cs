namespace Meridian.Simulation.Model;

/// <summary>A region is lost for a while.</summary>
internal sealed record Outage
{
    public required string Region { get; init; }

    public required double AtMinute { get; init; }

    public required double Minutes { get; init; }

    /// <value><c>Kill</c>: its sockets are reset, everyone notices within a round trip. <c>Freeze</c>: silence, which the detector must judge.</value>
    public OutageKind Kind { get; init; }
}
