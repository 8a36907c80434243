using Meridian.Grains.Draining.Watch;

namespace Meridian.Grains.Replicas;

/// <summary>
/// Starts the watches of replicas and drains when the silo becomes active. This also starts the region's deployments. Stops the watches before the
/// silo's grains stop.
/// </summary>
internal sealed class ReplicaWatchLifecycle(ReplicaWatch watch, DrainWatch drains) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(ReplicaWatch),
        ServiceLifecycleStage.Active,
        _ =>
        {
            watch.Start();
            drains.Start();
            return Task.CompletedTask;
        },
        _ => Task.WhenAll(watch.StopAsync(), drains.StopAsync()));
}
