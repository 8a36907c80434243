namespace Meridian.Federation.Routing.Policies;

/// <summary>
/// The choice among those of nearly the least score: the edge's own region unless its queue is longer than the shortest by the margin of times; otherwise the less busy of two drawn
/// at random (M. Mitzenmacher, "The power of two choices in randomized load balancing", 2001): all edges read loads of the same age, and the single best would be flooded by all of them.
/// </summary>
internal static class NearEquals
{
    /// <param name="candidates">At least one, at least one of them with a finite score.</param>
    /// <param name="margin">How far above the least score one may be, in the scores' unit.</param>
    /// <param name="context">The decision's.</param>
    public static int Choose(ReadOnlySpan<RoutingCandidate> candidates, double margin, in RoutingContext context)
    {
        var limit = candidates[0].Score;
        for (var i = 1; i < candidates.Length; i++)
            limit = Math.Min(limit, candidates[i].Score);
        limit += margin;
        int near = 0, first = 0, own = -1;
        var shortestQueueMs = double.MaxValue;
        for (var i = candidates.Length - 1; i >= 0; i--)
        {
            if (candidates[i].Score > limit)
                continue;
            near++;
            first = i;
            shortestQueueMs = Math.Min(shortestQueueMs, context.Facts[candidates[i].Region].QueueMs);
            if (candidates[i].Region == context.OwnRegion)
                own = i;
        }

        if (near == 1)
            return first;
        if (own >= 0 && context.Facts[candidates[own].Region].QueueMs - shortestQueueMs <= context.NearEqualMs)
            return own;
        var one = context.Random.Next(near);
        var other = context.Random.Next(near - 1);
        if (other >= one)
            other++;
        one = At(candidates, limit, one);
        other = At(candidates, limit, other);
        return candidates[other].InFlight < candidates[one].InFlight ? other : one;
    }

    /// <summary>Position of the n-th candidate within the limit.</summary>
    private static int At(ReadOnlySpan<RoutingCandidate> candidates, double limit, int n)
    {
        for (var i = 0; ; i++)
        {
            if (candidates[i].Score <= limit && n-- == 0)
                return i;
        }
    }
}
