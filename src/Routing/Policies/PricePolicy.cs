using Meridian.Routing.Tables;

namespace Meridian.Routing.Policies;

/// <summary>
/// What lies idle in the cheapest of the regions that cost less than the one that other work would be sent to, among those that answer soon enough for work that can wait; of several as cheap the less
/// busy. Only idle capacity: a region that is filled by all who look for the least price answers nobody in time, its own callers least of all. Where nothing cheaper is idle, this work goes where other
/// work does. A region whose price is not known counts as dearer than all others.
/// </summary>
internal sealed class PricePolicy : IRoutingPolicy
{
    /// <summary>Prices that differ by less than this part are the same.</summary>
    private const double SamePrice = 1e-6;

    /// <summary>Loads are parts of the capacity: less than this is no difference.</summary>
    private const double SameLoad = 0.05;

    public string Name => RoutingPolicies.Flex;

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
