using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;

namespace Meridian.Routing.Decision;

/// <summary>The reasons of a decision: the standing, score and reason of every region.</summary>
/// <param name="Policy">Name of the policy.</param>
/// <param name="Verdict">Result of the decision.</param>
/// <param name="Order">Names of the regions in the order in which a request would try them, best first.</param>
/// <param name="Regions">All members, in the intent's order.</param>
public sealed record RoutingExplanation(string Policy, RoutingVerdict Verdict, string[] Order, RegionExplanation[] Regions);

/// <param name="Region">Name of the region.</param>
/// <param name="Standing">Its rank, or the filter that removed it.</param>
/// <param name="Why">The reason in words, with the values.</param>
/// <param name="Score">Score of the policy; NaN for a region that may not serve.</param>
/// <param name="Facts">The facts behind the score.</param>
public sealed record RegionExplanation(string Region, RegionStanding Standing, string Why, double Score, RegionFacts Facts);
