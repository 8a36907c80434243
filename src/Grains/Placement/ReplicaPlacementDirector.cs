using Meridian.Grains.Draining.Watch;
using Orleans.Runtime.Placement;

namespace Meridian.Grains.Placement;

/// <summary>
/// Puts the replicas of a model on the silos in turn, each model starting at another. Orleans' own placements look at the load of the moment or draw lots, and either can put all
/// replicas on one silo, which then takes the model with it. A silo that is being drained gets none while another can have it.
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

    /// <summary>The same silo for the same silos and key, whoever asks. A replica's shards stay together: activations between them should not cross the network.</summary>
    internal static SiloAddress Choose(SiloAddress[] silos, in ShardKey key)
    {
        var ordered = silos.Order().ToArray();
        return ordered[(int)((StableHash(key.Model) + (uint)key.Replica) % (uint)ordered.Length)];
    }

    // FNV-1a; string.GetHashCode differs between processes.
    private static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text) hash = (hash ^ c) * 16777619u;
        return hash;
    }
}
