namespace Meridian.Federation.Routing;

/// <summary>
/// Chooses among regions that may serve. A policy only weighs: which regions may serve at all, and which of them come first because they are healthy, is decided before, the same
/// for all policies. To add one: a file in <c>Policies</c>, an entry in <see cref="RoutingPolicies"/>; the tests' properties then hold it to account by name.
/// </summary>
public interface IRoutingPolicy
{
    /// <value>As it is written in the configuration.</value>
    string Name { get; }

    /// <summary>What the policy weighs regions by, before all that depends on the request: lower is better; finite and not negative. Does not fall when one of the facts grows.</summary>
    double Score(in RegionFacts facts);

    /// <summary>Returns the position of the choice in <paramref name="candidates"/>. Allocates nothing.</summary>
    /// <param name="candidates">At least two, all of the same standing, with their <see cref="Score"/>; a policy may overwrite the scores.</param>
    /// <param name="context">What else there is to know.</param>
    int Choose(Span<RoutingCandidate> candidates, in RoutingContext context);
}
