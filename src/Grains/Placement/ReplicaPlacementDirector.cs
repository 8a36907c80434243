using Meridian.Grains.Draining.Watch;
using Orleans.Runtime.Placement;

namespace Meridian.Grains.Placement;

/// <summary>
/// Places the replicas of a model on the silos in turn. Each model starts at another silo. Problem: the placements of Orleans use the current load or
/// chance. Both can put all replicas on one silo, and the model is lost with that silo. A silo that is being drained gets a replica only if no other
/// silo can have it.
/// </summary>
public sealed class ReplicaPlacementDirector(DrainWatch drains) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var silos = context.GetCompatibleSilos(target);
        if (drains.Current.Drains.Length > 0)
        {
            var staying = Array.FindAll(silos, silo => !drains.IsLeaving(silo));
            if (staying.Length > 0) silos = staying;
        }

        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint) return Task.FromResult(hint);
        return Task.FromResult(Choose(silos, ShardKey.Parse(target.GrainIdentity.Key.ToString() ?? "")));
    }

    /// <summary>
    /// Chooses the same silo for the same silos and key in every process. All shards of a replica go to the same silo, because activations between
    /// them should not cross the network.
    /// </summary>
    internal static SiloAddress Choose(SiloAddress[] silos, in ShardKey key)
    {
        var ordered = silos.Order().ToArray();
        return ordered[(int)((StableHash(key.Model) + (uint)key.Replica) % (uint)ordered.Length)];
    }

    // FNV-1a hash. string.GetHashCode gives different values in different processes.
    private static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text) hash = (hash ^ c) * 16777619u;
        return hash;
    }
}
