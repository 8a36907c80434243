namespace Meridian.Federation.Routing.Policies;

/// <summary>
/// The cheapest region among those that answer soon enough for work that can wait; of several as cheap the less busy. A busy one answers later and so leaves the choice by itself.
/// A region whose price is not known counts as dearer than all others; where none is known, the least expected completion decides.
/// </summary>
internal sealed class PricePolicy : IRoutingPolicy
{
    /// <summary>Prices that differ by less than this part are the same.</summary>
    private const double SamePrice = 1e-6;

    public string Name => RoutingPolicies.Flex;

    public double Score(in RegionFacts facts) => facts.CompletionMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context)
    {
        var mostMs = double.MaxValue;
        foreach (ref readonly var candidate in candidates)
            mostMs = Math.Min(mostMs, candidate.Score);
        mostMs += context.Options.FlexExtra.TotalMilliseconds;
        var cheapest = double.PositiveInfinity;
        foreach (ref readonly var candidate in candidates)
        {
            if (candidate.Score <= mostMs)
                cheapest = Math.Min(cheapest, Price(context.Facts[candidate.Region]));
        }

        if (double.IsPositiveInfinity(cheapest))
            return NearEquals.Choose(candidates, context.NearEqualMs, context);
        foreach (ref var candidate in candidates)
        {
            ref readonly var facts = ref context.Facts[candidate.Region];
            candidate.Score = candidate.Score <= mostMs && Price(facts) <= cheapest * (1 + SamePrice) ? facts.LoadPerReplica : double.PositiveInfinity;
        }

        return NearEquals.Choose(candidates, LeastLoadPolicy.Margin, context);
    }

    private static double Price(in RegionFacts facts) => facts.PricePerHour > 0 ? facts.PricePerHour : double.PositiveInfinity;
}
