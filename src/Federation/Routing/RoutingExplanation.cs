namespace Meridian.Federation.Routing;

/// <summary>Why a decision falls as it does: every region with its standing, score and reason.</summary>
/// <param name="Policy">Name of the policy.</param>
/// <param name="Verdict">How the decision ends.</param>
/// <param name="Order">Names, best first, as a decision would try them.</param>
/// <param name="Regions">All members, in the intent's order.</param>
public sealed record RoutingExplanation(string Policy, RoutingVerdict Verdict, string[] Order, RegionExplanation[] Regions);
