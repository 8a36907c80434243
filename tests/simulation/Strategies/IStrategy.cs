using Meridian.Simulation.Engine;

namespace Meridian.Simulation.Strategies;

/// <summary>Where an edge sends a request.</summary>
internal interface IStrategy
{
    string Name { get; }

    /// <summary>Index of the region, or -1 where none is left.</summary>
    int Choose(World world, Edge edge, Job job);
}
