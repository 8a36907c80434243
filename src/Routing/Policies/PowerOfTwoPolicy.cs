using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// Draws two regions at random and takes the one that is expected to answer first (M. Mitzenmacher, "The power of two choices in randomized load balancing",
/// 2001). It is meant for many edges that share a few regions at similar distances, because the load figures are already old when the edges use them.
/// </summary>
internal sealed class PowerOfTwoPolicy : IRoutingPolicy
{
    public string Name => RoutingPolicyNames.PowerOfTwo;

    public double Score(in RegionFacts facts) => facts.CompletionMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context)
    {
        var one = context.Random.Next(candidates.Length);
        var other = context.Random.Next(candidates.Length - 1);
        if (other >= one)
            other++;
        var difference = candidates[other].Score - candidates[one].Score;
        if (Math.Abs(difference) <= context.NearEqualMs)
            return candidates[other].InFlight < candidates[one].InFlight ? other : one;
        return difference < 0 ? other : one;
    }
}
