using System.Collections.Frozen;
using Meridian.Federation.Routing.Policies;

namespace Meridian.Federation.Routing;

/// <summary>The policies by name. Options are validated against this very set, so a typo fails at start.</summary>
public static class RoutingPolicies
{
    public const string Default = "expected-completion";

    /// <summary>Policy of work that can wait.</summary>
    public const string Flex = "price";

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

    /// <value>The names for messages: quoted, in order.</value>
    public static string Names { get; } = string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal).Select(n => $"'{n}'"));
}
