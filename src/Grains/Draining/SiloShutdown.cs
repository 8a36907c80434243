using Meridian.Errors;
using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Settings;
using Meridian.Grains.Shards.Activity;
using Meridian.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Draining;

/// <summary>
/// Lets a silo leave before its process stops, without cutting off its work. If this is the last silo, the region is drained, otherwise only the
/// silo.
/// </summary>
/// <remarks>
/// Normal course:
/// <list type="number">
/// <item>Tell the others. If the region drains, the heartbeats tell other regions. Otherwise the region's silos learn that this one leaves.</item>
/// <item>Give the others time to notice.</item>
/// <item>Let running work finish while replicas load on other silos.</item>
/// <item>Hand over the streams that are still open when their time is up.</item>
/// </list>
/// Silos that stop together see each other as active. A silo whose drain is refused because all others are drained already is the last one, and
/// drains the region.
/// If the region cannot be told (its store or its other silos are gone), the silo leaves anyway: the heartbeats come from this process itself.
/// </remarks>
public sealed partial class SiloShutdown(
    IGrainFactory grains,
    IOptions<RegionOptions> region,
    SiloShards shards,
    DrainWatch watch,
    ILocalSiloDetails silo,
    ISiloStatusOracle silos,
    TimeProvider time,
    ILogger<SiloShutdown> logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Telling = TimeSpan.FromSeconds(1);

    /// <param name="announce">Time that the others get to notice.</param>
    /// <param name="streams">Time after the start at which open streams are handed over.</param>
    /// <param name="limit">Time after the start at which waiting ends.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
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

    /// <summary>Tells the others. Returns true if the region is drained, false if only this silo is.</summary>
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
            // No other silo is left to take over the work of this one.
            return await TellAsync(last: true, streams, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogNotTold(e);
        }

        return last;
    }
}
