using System.Collections.Frozen;

namespace Meridian.Federation.Routing;

/// <summary>The policies by name. Options are validated against this very set, so a typo fails at start.</summary>
public static class RoutingPolicies
{
    public const string Default = "expected-completion";

    public static FrozenDictionary<string, IRoutingPolicy> ByName { get; } =
        new IRoutingPolicy[] { new ExpectedCompletionPolicy(), new NearestPolicy(), new LeastLoadPolicy() }.ToFrozenDictionary(p => p.Name, StringComparer.Ordinal);
}
