using Meridian.Routing.Snapshots;
using Meridian.Routing.Tables;

namespace Meridian.Routing.Decision;

/// <summary>Why a decision falls as it does: every region with its standing, score and reason.</summary>
/// <param name="Policy">Name of the policy.</param>
/// <param name="Verdict">How the decision ends.</param>
/// <param name="Order">Names, best first, as a decision would try them.</param>
/// <param name="Regions">All members, in the intent's order.</param>
public sealed record RoutingExplanation(string Policy, RoutingVerdict Verdict, string[] Order, RegionExplanation[] Regions);

/// <param name="Region">Name.</param>
/// <param name="Standing">Which filter dropped it, or which rank it has.</param>
/// <param name="Why">The same in words, with the values.</param>
/// <param name="Score">The policy's score; NaN for a region that may not serve.</param>
/// <param name="Facts">What the score was made of.</param>
public sealed record RegionExplanation(string Region, RegionStanding Standing, string Why, double Score, RegionFacts Facts);
