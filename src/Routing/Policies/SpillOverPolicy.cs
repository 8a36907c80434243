using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// The nearest region while it keeps up; what it cannot take goes to the next nearest that does. How much that is, <see cref="SpillState"/> finds out: a region past the high-water mark
/// keeps half of its share, and one that has stayed below the low-water mark gets it back in small steps, so that requests neither leave nor return all at once.
/// Where no region keeps up, the least expected completion decides.
/// </summary>
internal sealed class SpillOverPolicy : IRoutingPolicy
{
    public string Name => RoutingPolicyNames.SpillOver;

    public double Score(in RegionFacts facts) => facts.RoundTripMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context)
    {
        var kept = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            var share = context.SpillShare(candidates[i].Region);
            if (share >= 1 || context.Random.NextDouble() < share)
                kept++;
            else
                candidates[i].Score = double.PositiveInfinity;
        }

        if (kept == 0)
        {
            for (var i = 0; i < candidates.Length; i++)
                candidates[i].Score = context.Facts[candidates[i].Region].CompletionMs;
            return NearEquals.ChooseCompletion(candidates, context);
        }

        return NearEquals.Choose(candidates, context.NearEqualMs, context);
    }
}
