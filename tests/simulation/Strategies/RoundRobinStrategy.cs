using Meridian.Simulation.Engine;

namespace Meridian.Simulation.Strategies;

/// <summary>All regions in turn, each edge for itself.</summary>
internal sealed class RoundRobinStrategy : IStrategy
{
    private readonly Dictionary<Edge, int> _next = new(ReferenceEqualityComparer.Instance);

    public string Name => "round-robin";

    public int Choose(World world, Edge edge, Job job)
    {
        var next = _next.GetValueOrDefault(edge);
        for (var i = 0; i < world.Regions.Length; i++)
        {
            var region = (next + i) % world.Regions.Length;
            if (!world.Serves(edge, job, region))
                continue;
            _next[edge] = region + 1;
            return region;
        }

        return -1;
    }
}
