using Meridian.Grains.Draining.Watch;
using Meridian.Grains.Placement;
using Meridian.Grains.Settings;
using Meridian.Grains.Silos;

namespace Meridian.Grains.Deployments;

/// <summary>What the replicas of a version need from their deployment.</summary>
internal sealed class ReplicaGroupHost
{
    public required string Name { get; init; }

    public required IGrainFactory Grains { get; init; }

    public required RegionOptions Region { get; init; }

    public required SiloDevices Devices { get; init; }

    public required SiloLiveness Liveness { get; init; }

    public required DrainWatch Drains { get; init; }

    public required TimeProvider Time { get; init; }

    public required ReplicaGroupLog Log { get; init; }

    /// <value>Cancelled when the deployment deactivates.</value>
    public required CancellationToken Ended { get; init; }

    /// <value>Whether the deployment or its silo is stopping. Failed calls then say nothing about the shards.</value>
    public required Func<bool> IsEnding { get; init; }

    /// <value>Called when the set of ready replicas has changed.</value>
    public required Action Changed { get; init; }

    /// <value>Called when a shard has answered for the first time.</value>
    public required Action Asked { get; init; }

    /// <value>The model as the region is to serve it. Stays as it was last when the model is removed.</value>
    public CatalogueModel? Model { get; set; }
}
