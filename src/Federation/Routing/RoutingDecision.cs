using Meridian.Federation.Directory;

namespace Meridian.Federation.Routing;

/// <summary>Where to send, best first.</summary>
/// <param name="Verdict">Why <paramref name="Order"/> is empty where it is.</param>
/// <param name="Order">Regions that may serve, best first; the first is the choice.</param>
/// <param name="Standing">Standing of the choice; <see cref="RegionStanding.Forbidden"/> where there is none.</param>
public readonly record struct RoutingDecision(RoutingVerdict Verdict, RegionMember[] Order, RegionStanding Standing)
{
    /// <value>The region to send to, or null.</value>
    public RegionMember? Choice => Order.Length > 0 ? Order[0] : null;
}
