using Meridian.Errors;
using Meridian.Gateway.Admin.Draining;
using Meridian.Grains.Draining;
using Meridian.Grains.Replicas;
using Meridian.Grains.Requests;
using Meridian.Messages;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Clustering;

/// <summary>Connects the admin API to the region's drain grain.</summary>
internal sealed partial class RegionDraining(IGrainFactory grains, ReplicaWatch watch, RegionPlan region, ILogger<RegionDraining> logger) : IRegionDraining
{
    private const int RetryAfterMs = 2000;

    public string Region => region.Name;

    public Task<DrainOverview> BeginAsync(DrainOrder order, CancellationToken cancellationToken) => AskAsync(drain => drain.Begin(order), cancellationToken);

    public Task<DrainOverview> EndAsync(DrainTarget target, CancellationToken cancellationToken) => AskAsync(drain => drain.End(target), cancellationToken);

    public Task<DrainOverview> ReadAsync(CancellationToken cancellationToken) => AskAsync(drain => drain.Read(cancellationToken), cancellationToken);

    private async Task<DrainOverview> AskAsync(Func<IRegionDrain, Task<DrainOverview>> ask, CancellationToken cancellationToken)
    {
        if (!watch.HasStarted)
        {
            throw new MeridianException(Unavailability.OfRegion(region.Name));
        }

        try
        {
            return await ask(grains.GetGrain<IRegionDrain>(0)).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException and not MeridianException)
        {
            LogFailed(e);
            throw new MeridianException(
                new Refusal { Code = RefusalCode.RegionLost, Message = $"Region '{region.Name}' could not be asked for its drains: none of its silos answered. Repeat it.", RetryAfterMs = RetryAfterMs }, e);
        }
    }
}
