using System.Runtime.InteropServices;
using Meridian.Routing.Decision;
using Meridian.Routing.Policies;
using Meridian.Routing.Tables;
using Meridian.Simulation.Engine;

namespace Meridian.Simulation.Strategies;

/// <summary>The product's own decision with one of its policies.</summary>
internal sealed class PolicyStrategy : IStrategy
{
    private readonly Dictionary<Edge, RoutingDirector> _directors = new(ReferenceEqualityComparer.Instance);
    private readonly string _policy;
    private readonly bool _knowsConversations;

    /// <param name="policy">Name of a routing policy.</param>
    /// <param name="name">Of the strategy.</param>
    /// <param name="knowsConversations">Whether requests say which conversation they belong to.</param>
    public PolicyStrategy(string policy, string? name = null, bool knowsConversations = true)
    {
        (_policy, Name, _knowsConversations) = (policy, name ?? policy, knowsConversations);
    }

    public string Name { get; }

    public int Choose(World world, Edge edge, Job job)
    {
        ref var director = ref CollectionsMarshal.GetValueRefOrAddDefault(_directors, edge, out _);
        director ??= new RoutingDirector(RoutingPolicies.ByName[_policy], nearEqualMs: 5, edge.InFlight, world.RoutingOptions, new RoutingMemory(world.Time));
        var request = new RouteRequest
        {
            Model = world.ModelName(job.Model),
            Flex = job.Flex,
            Affinity = _knowsConversations ? job.Conversation : 0,
            Excluded = CollectionsMarshal.AsSpan(job.Tried),
        };
        return director.Decide(edge.Snapshot, request, world.Dice).Index;
    }
}
