namespace Meridian.Federation.Routing;

/// <param name="Region">Name.</param>
/// <param name="Standing">Which filter dropped it, or which rank it has.</param>
/// <param name="Why">The same in words, with the values.</param>
/// <param name="Score">The policy's score; NaN for a region that may not serve.</param>
/// <param name="Facts">What the score was made of.</param>
public sealed record RegionExplanation(string Region, RegionStanding Standing, string Why, double Score, RegionFacts Facts);
