namespace Meridian.Routing.Policies;

/// <summary>
/// Chooses among the candidates whose score is close to the best score.
///
/// Problem: all edges read loads of the same age. If every edge took the single best region, they would flood it.
///
/// Rule: the edge's own region wins, unless its queue is longer than the shortest queue by more than <see cref="RoutingContext.NearEqualMs"/>. Otherwise a
/// request with an affinity goes to its home region (<see cref="Rendezvous"/>). Any other request goes to the less busy of two regions drawn at random (M.
/// Mitzenmacher, "The power of two choices in randomized load balancing", 2001).
/// </summary>
internal static class NearEquals
{
    /// <summary>
    /// A region counts as equal if its score is above the best score by at most this part of the best region's service time. The service time is not known
    /// more exactly. And half a second of ten is worth less than a first token from nearby, or than a region that still has the conversation's KV cache.
    /// </summary>
    internal const double Ratio = 0.1;

    /// <summary>
    /// Chooses by expected completion, with a margin that grows with the service time. If this margin is larger than
    /// <see cref="RoutingContext.NearEqualMs"/>, the round trip decides among equal regions: those that are as near as the nearest candidate come first.
    /// </summary>
    public static int ChooseCompletion(ReadOnlySpan<RoutingCandidate> candidates, in RoutingContext context)
    {
        var least = Least(candidates);
        var margin = Ratio * context.Facts[candidates[least].Region].ServiceMs;
        return Within(candidates, candidates[least].Score + Math.Max(margin, context.NearEqualMs), margin > context.NearEqualMs, context);
    }

    /// <param name="candidates">At least one, and at least one of them with a finite score.</param>
    /// <param name="margin">How far a score may be above the least score, in the unit of the scores.</param>
    /// <param name="context">The context of the decision.</param>
    public static int Choose(ReadOnlySpan<RoutingCandidate> candidates, double margin, in RoutingContext context) =>
        Within(candidates, candidates[Least(candidates)].Score + margin, false, context);

    private static int Within(ReadOnlySpan<RoutingCandidate> candidates, double limit, bool nearestFirst, in RoutingContext context)
    {
        int near = 0, first = 0, own = -1;
        double shortestQueueMs = double.MaxValue, nearestMs = double.MaxValue;
        for (var i = candidates.Length - 1; i >= 0; i--)
        {
            ref readonly var facts = ref context.Facts[candidates[i].Region];
            nearestMs = Math.Min(nearestMs, facts.RoundTripMs);
            if (candidates[i].Score > limit)
                continue;
            near++;
            first = i;
            shortestQueueMs = Math.Min(shortestQueueMs, facts.QueueMs);
            if (candidates[i].Region == context.OwnRegion)
                own = i;
        }

        if (near == 1)
            return first;
        if (own >= 0 && context.Facts[candidates[own].Region].QueueMs - shortestQueueMs <= context.NearEqualMs)
            return own;
        var peers = new Peers(limit, double.PositiveInfinity);
        if (nearestFirst)
        {
            var beside = new Peers(limit, nearestMs + context.NearEqualMs);
            if (beside.Count(candidates, context) is > 0 and var count)
                (peers, near) = (beside, count);
        }

        if (near == 1)
            return peers.At(candidates, 0, context);
        if (context.Affinity != 0)
            return peers.Home(candidates, context);
        var one = context.Random.Next(near);
        var other = context.Random.Next(near - 1);
        if (other >= one)
            other++;
        one = peers.At(candidates, one, context);
        other = peers.At(candidates, other, context);
        return candidates[other].InFlight < candidates[one].InFlight ? other : one;
    }

    /// <summary>Position of the candidate with the least score.</summary>
    private static int Least(ReadOnlySpan<RoutingCandidate> candidates)
    {
        var least = 0;
        for (var i = 1; i < candidates.Length; i++)
        {
            if (candidates[i].Score < candidates[least].Score)
                least = i;
        }

        return least;
    }

    /// <summary>The candidates that count as equal: those up to a limit of the score and a limit of the round trip.</summary>
    private readonly struct Peers(double score, double roundTripMs)
    {
        public int Count(ReadOnlySpan<RoutingCandidate> candidates, in RoutingContext context)
        {
            var count = 0;
            foreach (ref readonly var candidate in candidates)
                count += Has(candidate, context) ? 1 : 0;
            return count;
        }

        /// <summary>Position of the n-th such candidate, n from 0.</summary>
        public int At(ReadOnlySpan<RoutingCandidate> candidates, int n, in RoutingContext context)
        {
            for (var i = 0; ; i++)
            {
                if (Has(candidates[i], context) && n-- == 0)
                    return i;
            }
        }

        /// <summary>Position of the request's home region among them.</summary>
        public int Home(ReadOnlySpan<RoutingCandidate> candidates, in RoutingContext context)
        {
            var home = -1;
            var shortest = double.PositiveInfinity;
            for (var i = 0; i < candidates.Length; i++)
            {
                if (!Has(candidates[i], context))
                    continue;
                ref readonly var facts = ref context.Facts[candidates[i].Region];
                var distance = Rendezvous.Distance(context.Affinity, facts.Key, facts.Replicas);
                if (home < 0 || distance < shortest)
                    (home, shortest) = (i, distance);
            }

            return home;
        }

        private bool Has(in RoutingCandidate candidate, in RoutingContext context) =>
            candidate.Score <= score && context.Facts[candidate.Region].RoundTripMs <= roundTripMs;
    }
}
