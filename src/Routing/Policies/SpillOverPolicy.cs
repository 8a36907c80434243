using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// Takes the nearest region while it keeps up. The excess goes to the next nearest region that keeps up.
///
/// <see cref="SpillState"/> finds the size of the excess. A region above the high-water mark keeps half of its share. A region that has stayed below the
/// low-water mark gets its share back in small steps. So requests neither leave nor return all at once.
///
/// If no region keeps up, the least expected completion decides.
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
