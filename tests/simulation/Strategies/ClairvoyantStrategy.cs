using Meridian.Simulation.Engine;

namespace Meridian.Simulation.Strategies;

/// <summary>Knows what no edge can: every queue, cache and length as they are at this moment. A bound to measure others by, not a policy.</summary>
internal sealed class ClairvoyantStrategy : IStrategy
{
    public string Name => "clairvoyant";

    public int Choose(World world, Edge edge, Job job)
    {
        var best = -1;
        var bestMs = double.PositiveInfinity;
        for (var region = 0; region < world.Regions.Length; region++)
        {
            var there = world.Regions[region];
            if (!there.Up || there.Pools[job.Model] is not { Replicas: > 0 } pool || job.Tried.Contains(there.Site.Name))
                continue;
            var ms = edge.RoundTripMs(region) + pool.TrueCompletionMs(job);
            if (ms < bestMs)
                (best, bestMs) = (region, ms);
        }

        return best;
    }
}
