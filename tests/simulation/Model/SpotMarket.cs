namespace Meridian.Simulation.Model;

/// <summary>Part of the replicas is bought cheap and may be taken away.</summary>
internal sealed record SpotMarket
{
    /// <value>Share of each region's replicas that is spot capacity.</value>
    public double Share { get; init; } = 0.5;

    /// <value>Its price over the ordinary one.</value>
    public double Discount { get; init; } = 0.35;

    /// <value>Losses a region, a virtual day.</value>
    public double LossesPerDay { get; init; } = 4;

    /// <value>How long the capacity is gone, virtual minutes.</value>
    public double Minutes { get; init; } = 1;
}
