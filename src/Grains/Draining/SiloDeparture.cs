using Meridian.Errors;
using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Settings;
using Meridian.Grains.Shards.Activity;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Draining;

/// <summary>
/// Leaves before the process stops: the region is drained where this is its last silo, else the silo. In order: others are told (heartbeats say that the region drains, the region's
/// silos that this one leaves); they get time to notice; what runs may finish, replicas are loaded elsewhere; streams that are still open at their time are handed over.
/// </summary>
/// <remarks>
/// Silos that stop together each see the others as active: the one that is refused because the rest is drained already is the last, and drains the region.
/// A region that cannot be told (its store or its other silos are gone) is left all the same: the heartbeats are this process's own.
/// </remarks>
public sealed partial class SiloDeparture(
    IGrainFactory grains,
    IOptions<RegionOptions> region,
    SiloShards shards,
    DrainWatch watch,
    ILocalSiloDetails silo,
    ISiloStatusOracle silos,
    TimeProvider time,
    ILogger<SiloDeparture> logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Telling = TimeSpan.FromSeconds(1);

    /// <param name="announce">How long others get to notice.</param>
    /// <param name="streams">When streams are handed over.</param>
    /// <param name="limit">When it gives up waiting.</param>
    /// <param name="cancellationToken">Gives up at once.</param>
    public async Task LeaveAsync(TimeSpan announce, TimeSpan streams, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var last = silos.GetActiveSilos().All(other => other.Equals(silo.SiloAddress));
        last = await TellAsync(last, streams, cancellationToken).ConfigureAwait(false);

        var handedOver = false;
        while (true)
        {
            var elapsed = time.GetElapsedTime(started);
            var work = shards.Total;
            if (elapsed >= limit || cancellationToken.IsCancellationRequested || (elapsed >= announce && work.IsIdle && (last || work.Replicas == 0)))
            {
                LogLeft((long)elapsed.TotalMilliseconds, work);
                return;
            }

            if (!handedOver && elapsed >= streams && elapsed >= announce)
            {
                handedOver = true;
                if (last) shards.LeaveRegion(region.Value.Name);
                else shards.LeaveSilo();
            }

            await Task.Delay(Look, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tells others; true where it is the region that is drained.</summary>
    private async Task<bool> TellAsync(bool last, TimeSpan streams, CancellationToken cancellationToken)
    {
        LogLeaving(last ? $"Region '{region.Value.Name}'" : $"A silo of region '{region.Value.Name}'");
        if (last) watch.Depart();
        var order = new DrainOrder
        {
            Target = last ? DrainTarget.Region : new DrainTarget { Scope = DrainScope.Silo, Silo = silo.SiloAddress.ToParsableString() },
            DeadlineSeconds = Math.Clamp((int)streams.TotalSeconds, 0, DrainOrder.MaxDeadlineSeconds),
            By = "process",
            Reason = "the process stops",
        };
        try
        {
            await grains.GetGrain<IRegionDrain>(0).Begin(order).WaitAsync(Telling, time, cancellationToken).ConfigureAwait(false);
        }
        catch (MeridianException e) when (!last && e.Refusal.Code == RefusalCode.InvalidInput)
        {
            // No other silo is left to take what this one serves.
            return await TellAsync(last: true, streams, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogNotTold(e);
        }

        return last;
    }
}
