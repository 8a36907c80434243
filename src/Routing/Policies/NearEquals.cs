namespace Meridian.Routing.Policies;

/// <summary>
/// The choice among those of nearly the least score: the edge's own region unless its queue is longer than the shortest by the margin of times; otherwise, for requests that share their beginning, the
/// one that they belong to, and for all others the less busy of two drawn at random (M. Mitzenmacher, "The power of two choices in randomized load balancing", 2001): all edges read loads of the same
/// age, and the single best would be flooded by all of them.
/// </summary>
internal static class NearEquals
{
    /// <summary>
    /// Part of the best region's service time that others may lie above it and still count as equal: how long an answer takes to make is known no better, and half a second more of ten is worth less than
    /// a first token from nearby, or from where the conversation's keys and values are.
    /// </summary>
    internal const double Ratio = 0.1;

    /// <summary>
    /// Among expected completions, whose margin grows with the time of service. Where it has grown beyond the margin of times, distance is what is left to tell equals apart: those as near as any region come first.
    /// </summary>
    public static int ChooseCompletion(ReadOnlySpan<RoutingCandidate> candidates, in RoutingContext context)
    {
        var least = Least(candidates);
        var margin = Ratio * context.Facts[candidates[least].Region].ServiceMs;
        return Within(candidates, candidates[least].Score + Math.Max(margin, context.NearEqualMs), margin > context.NearEqualMs, context);
    }

    /// <param name="candidates">At least one, at least one of them with a finite score.</param>
    /// <param name="margin">How far above the least score one may be, in the scores' unit.</param>
    /// <param name="context">The decision's.</param>
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

    /// <summary>Position of the least score.</summary>
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

    /// <summary>Candidates that count as equal: up to a score, and up to a distance.</summary>
    private readonly struct Peers(double score, double roundTripMs)
    {
        public int Count(ReadOnlySpan<RoutingCandidate> candidates, in RoutingContext context)
        {
            var count = 0;
            foreach (ref readonly var candidate in candidates)
                count += Has(candidate, context) ? 1 : 0;
            return count;
        }

        /// <summary>Position of the n-th of them.</summary>
        public int At(ReadOnlySpan<RoutingCandidate> candidates, int n, in RoutingContext context)
        {
            for (var i = 0; ; i++)
            {
                if (Has(candidates[i], context) && n-- == 0)
                    return i;
            }
        }

        /// <summary>Position of the one that the request belongs to.</summary>
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
