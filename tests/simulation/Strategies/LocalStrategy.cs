using Meridian.Simulation.Engine;

namespace Meridian.Simulation.Strategies;

/// <summary>What most installations do: each region serves its own callers, however long its queue is; only when it is lost, or does not have the model, the nearest other one.</summary>
internal sealed class LocalStrategy : IStrategy
{
    public string Name => "region-local";

    public int Choose(World world, Edge edge, Job job)
    {
        var best = -1;
        for (var region = 0; region < world.Regions.Length; region++)
        {
            if (world.Serves(edge, job, region) && (best < 0 || edge.RoundTripMs(region) < edge.RoundTripMs(best)))
                best = region;
        }

        return best;
    }
}
