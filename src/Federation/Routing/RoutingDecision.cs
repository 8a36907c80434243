using Meridian.Federation.Directory;

namespace Meridian.Federation.Routing;

/// <summary>Where to send. The next best is a second decision with the first choice among the excluded.</summary>
/// <param name="Verdict">Why there is no choice where there is none.</param>
/// <param name="Choice">The region to send to, or null.</param>
/// <param name="Index">Its position in the intent's regions and in the snapshot's <see cref="DirectorySnapshot.ViewsInOrder"/>; -1 where there is none.</param>
/// <param name="Standing">Its standing; <see cref="RegionStanding.Forbidden"/> where there is none.</param>
/// <param name="Score">What the policy chose it by; NaN where there is none.</param>
public readonly record struct RoutingDecision(RoutingVerdict Verdict, RegionMember? Choice, int Index, RegionStanding Standing, double Score)
{
    internal static RoutingDecision None(RoutingVerdict verdict) => new(verdict, null, -1, RegionStanding.Forbidden, double.NaN);
}
