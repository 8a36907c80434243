using Meridian.Gateway.Admin.Draining;
using Meridian.Grains.Draining;

namespace Meridian.Gateway.Tests.Hosting;

/// <summary>A region's drains as a test says they are; remembers what it was asked.</summary>
public sealed class DrainingDouble : IRegionDraining
{
    public string Region => "eastus";

    public DrainOverview Overview { get; set; } = DrainOverview.None;

    /// <value>Thrown instead of an answer, or null.</value>
    public Exception? Failure { get; set; }

    public DrainOrder? Order { get; private set; }

    public DrainTarget? Ended { get; private set; }

    public Task<DrainOverview> BeginAsync(DrainOrder order, CancellationToken cancellationToken)
    {
        Order = order;
        return ReadAsync(cancellationToken);
    }

    public Task<DrainOverview> EndAsync(DrainTarget target, CancellationToken cancellationToken)
    {
        Ended = target;
        return ReadAsync(cancellationToken);
    }

    public Task<DrainOverview> ReadAsync(CancellationToken cancellationToken) => Failure is { } failure ? Task.FromException<DrainOverview>(failure) : Task.FromResult(Overview);
}
