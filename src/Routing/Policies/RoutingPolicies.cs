using System.Collections.Frozen;

namespace Meridian.Routing.Policies;

/// <summary>
/// The policies by name, one for each of <see cref="RoutingPolicyNames.All"/>. Options are validated against these names, so a wrong name fails at the start.
/// </summary>
public static class RoutingPolicies
{
    public static FrozenDictionary<string, IRoutingPolicy> ByName { get; } = new IRoutingPolicy[]
    {
        new ExpectedCompletionPolicy(),
        new NearestPolicy(),
        new LeastLoadPolicy(),
        new PowerOfTwoPolicy(),
        new SpillOverPolicy(),
        new AffinityPolicy(),
        new PricePolicy(),
    }.ToFrozenDictionary(p => p.Name, StringComparer.Ordinal);

    private static readonly IRoutingPolicy[] InOrder = [.. RoutingPolicyNames.All.Select(name => ByName[name])];

    /// <summary>The policy at a position of <see cref="RoutingPolicyNames.All"/>; null for -1.</summary>
    internal static IRoutingPolicy? At(int position) => position < 0 ? null : InOrder[position];
}
