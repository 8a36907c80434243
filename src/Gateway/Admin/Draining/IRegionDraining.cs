using Meridian.Grains.Draining;

namespace Meridian.Gateway.Admin.Draining;

/// <summary>
/// Drains this region or parts of it. Only the processes of a region implement it. On a front door it is absent, and the routes name the facades to ask.
/// </summary>
public interface IRegionDraining
{
    /// <value>Name of the region.</value>
    string Region { get; }

    /// <exception cref="Meridian.Errors.MeridianException">The region refuses, for example because it has no such silo.</exception>
    Task<DrainOverview> BeginAsync(DrainOrder order, CancellationToken cancellationToken);

    /// <exception cref="Meridian.Errors.MeridianException">The region refuses, for example because it has no such silo.</exception>
    Task<DrainOverview> EndAsync(DrainTarget target, CancellationToken cancellationToken);

    /// <exception cref="Meridian.Errors.MeridianException">The region does not answer.</exception>
    Task<DrainOverview> ReadAsync(CancellationToken cancellationToken);
}
