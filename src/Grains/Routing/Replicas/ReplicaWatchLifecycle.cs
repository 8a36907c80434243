namespace Meridian.Grains.Routing.Replicas;

/// <summary>Starts the replica watch, and with it the region's deployments, as soon as a silo is active; stops it before the silo's grains go.</summary>
internal sealed class ReplicaWatchLifecycle(ReplicaWatch watch) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(ReplicaWatch),
        ServiceLifecycleStage.Active,
        _ =>
        {
            watch.Start();
            return Task.CompletedTask;
        },
        _ => watch.StopAsync());
}
