using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// Sends requests with the same beginning to the same region, because its KV cache may still hold this beginning. Every edge computes this region by itself
/// (<see cref="Rendezvous"/>).
///
/// <para>Only regions within two limits take part: a region must answer only a little later than the best one, and this edge must have only a few more
/// requests in flight there than at the least busy region. So overflow goes to the next region in hash order, which is again the same for all requests with
/// this beginning, as in consistent hashing with bounded loads (V. Mirrokni, M. Thorup, M. Zadimoghaddam, 2018).</para>
///
/// <para>A region is beyond a limit only if it exceeds both the difference and the ratio. With the ratio alone, an idle installation would lose its affinity
/// because of small numbers. With the difference alone, a busy installation would lose it because of large numbers.</para>
///
/// <para>A request without affinity goes by expected completion.</para>
/// </summary>
internal sealed class AffinityPolicy : IRoutingPolicy
{
    public string Name => RoutingPolicyNames.Affinity;

    public double Score(in RegionFacts facts) => facts.CompletionMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context)
    {
        if (context.Affinity == 0)
            return NearEquals.ChooseCompletion(candidates, context);

        // Service times are long and mostly the same everywhere. Their common part is subtracted, so that it does not hide the distance.
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
