using System.Collections.Frozen;

namespace Meridian.Routing.Policies;

/// <summary>The policies by name: one for each of <see cref="RoutingPolicyNames.All"/>. Options are validated against the names, so a typo fails at start.</summary>
public static class RoutingPolicies
{
    public const string Default = RoutingPolicyNames.Default;

    /// <summary>Policy of work that can wait.</summary>
    public const string Flex = RoutingPolicyNames.Flex;

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

    /// <value>The names for messages: quoted, in order.</value>
    public static string Names { get; } = string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal).Select(n => $"'{n}'"));
}
