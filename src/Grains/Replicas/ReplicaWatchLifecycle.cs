using Meridian.Grains.Draining.Watch;

namespace Meridian.Grains.Replicas;

/// <summary>Starts the watches of replicas and drains, and with it the region's deployments, as soon as a silo is active; stops them before the silo's grains go.</summary>
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
