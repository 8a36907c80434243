using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// Requests that share their beginning go to the same region, where the keys and values of it may still be. Which region that is, every edge finds by itself
/// (<see cref="Rendezvous"/>).
/// <para>
/// Only regions within limits take part: those that would answer little later than the best one, and of which this edge has not much more under way than of the least busy one. So overflow goes
/// to the next in the order of the hash, again the same for all that share a beginning, as in consistent hashing with bounded loads (V. Mirrokni, M. Thorup, M. Zadimoghaddam, 2018).
/// Both limits are crossed only where the difference and the ratio are: an idle installation must not lose its affinity to a ratio of small numbers, nor a busy one to a difference of large ones.
/// A request without affinity goes by expected completion.
/// </para>
/// </summary>
internal sealed class AffinityPolicy : IRoutingPolicy
{
    public string Name => RoutingPolicyNames.Affinity;

    public double Score(in RegionFacts facts) => facts.CompletionMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context)
    {
        if (context.Affinity == 0)
            return NearEquals.ChooseCompletion(candidates, context);

        // Service times are mostly the same everywhere and long: what they have in common must not hide the distance.
        double common = double.MaxValue, best = double.MaxValue, least = double.MaxValue;
        foreach (ref readonly var candidate in candidates)
        {
            ref readonly var facts = ref context.Facts[candidate.Region];
            common = Math.Min(common, facts.ServiceMs);
            best = Math.Min(best, candidate.Score);
            least = Math.Min(least, candidate.InFlight / Math.Max(facts.Replicas, 1));
        }

        var options = context.Options;
        var mostMs = common + Limit(best - common, options.AffinityExtraMs, options.AffinityRatio);
        var mostRequests = Limit(least, options.AffinityExtraRequests, options.AffinityRatio);
        var chosen = -1;
        var shortest = double.PositiveInfinity;
        for (var i = 0; i < candidates.Length; i++)
        {
            ref readonly var facts = ref context.Facts[candidates[i].Region];
            if (candidates[i].Score > mostMs || candidates[i].InFlight / Math.Max(facts.Replicas, 1) > mostRequests)
                continue;
            var distance = Rendezvous.Distance(context.Affinity, facts.Key, facts.Replicas);
            if (distance < shortest)
            {
                shortest = distance;
                chosen = i;
            }
        }

        return chosen >= 0 ? chosen : NearEquals.ChooseCompletion(candidates, context);
    }

    private static double Limit(double best, double extra, double ratio) => Math.Max(best + extra, best * ratio);
}
