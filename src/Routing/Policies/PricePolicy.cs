using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// For work that can wait: use idle capacity in a cheap region.
///
/// The candidates are the regions that are idle (<c>RoutingOptions.FlexLoad</c>) and answer soon enough (<c>RoutingOptions.FlexExtra</c>). If
/// the cheapest of them costs less than the region that other work would use, the policy takes it. Of several equally cheap regions it takes the less busy.
/// Otherwise this work goes where other work goes.
///
/// Only idle capacity counts: if all callers filled the cheapest region, it would answer no request in time, and its own callers would suffer most. A region
/// without a known price counts as more expensive than all others.
/// </summary>
internal sealed class PricePolicy : IRoutingPolicy
{
    /// <summary>Prices that differ by less than this part count as equal.</summary>
    private const double SamePrice = 1e-6;

    /// <summary>Loads are parts of the capacity. A smaller difference than this counts as none.</summary>
    private const double SameLoad = 0.05;

    public string Name => RoutingPolicyNames.Flex;

    public double Score(in RegionFacts facts) => facts.CompletionMs;

    public int Choose(Span<RoutingCandidate> candidates, in RoutingContext context)
    {
        var usual = NearEquals.ChooseCompletion(candidates, context);
        var mostMs = double.MaxValue;
        foreach (ref readonly var candidate in candidates)
            mostMs = Math.Min(mostMs, candidate.Score);
        mostMs += context.Options.FlexExtra.TotalMilliseconds;
        var cheapest = double.PositiveInfinity;
        foreach (ref readonly var candidate in candidates)
        {
            if (Serves(candidate, mostMs, context))
                cheapest = Math.Min(cheapest, Price(context.Facts[candidate.Region]));
        }

        cheapest *= 1 + SamePrice;
        if (Price(context.Facts[candidates[usual].Region]) <= cheapest)
            return usual;
        foreach (ref var candidate in candidates)
        {
            ref readonly var facts = ref context.Facts[candidate.Region];
            candidate.Score = Serves(candidate, mostMs, context) && Price(facts) <= cheapest ? facts.Utilization : double.PositiveInfinity;
        }

        return NearEquals.Choose(candidates, SameLoad, context);
    }

    private static bool Serves(in RoutingCandidate candidate, double mostMs, in RoutingContext context) =>
        candidate.Score <= mostMs && context.Facts[candidate.Region].Utilization < context.Options.FlexLoad;

    private static double Price(in RegionFacts facts) => facts.PricePerHour > 0 ? facts.PricePerHour : double.PositiveInfinity;
}
