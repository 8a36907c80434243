namespace Meridian.Federation.Routing;

/// <summary>
/// Orders regions that may serve. A policy only weighs: which regions may serve at all is decided before, the same for all policies.
/// To add one: a file beside this one, an entry in <see cref="RoutingPolicies"/>, its properties in the tests.
/// </summary>
public interface IRoutingPolicy
{
    /// <value>As it is written in the configuration.</value>
    string Name { get; }

    /// <summary>Lower is better; finite.</summary>
    double Score(in RegionFacts facts);

    /// <summary>How far apart two scores may be and still count as equally good.</summary>
    /// <param name="nearEqualMs">The configured margin, ms.</param>
    double Margin(double nearEqualMs);
}
