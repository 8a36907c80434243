using System.Net;
using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Residency;

/// <summary>
/// The boundary of a request: the intersection of the tenant's residency, the caller's own restriction and the geofence. It is known before a byte of the
/// body is read.
/// </summary>
public sealed class DataBoundaries(Geofence geofence, TenantResidency tenants)
{
    /// <param name="intent">The newest known intent. Intent 0 knows no tenants, so only the other rules apply.</param>
    /// <param name="tenant">Name of the tenant.</param>
    /// <param name="asked">Jurisdictions to which the caller restricts the request, or null.</param>
    /// <param name="caller">The caller's address, or null if it is not known.</param>
    public DataBoundary Of(Intent intent, string tenant, string[]? asked, IPAddress? caller) =>
        new DataBoundary(tenants.Of(intent, tenant), null).And(new DataBoundary(asked, null)).And(geofence.Find(caller).Boundary);

    /// <summary>The rules one by one, in the order in which they are applied. For people: allocates freely.</summary>
    public BoundaryPart[] Explain(Intent intent, string tenant, string[]? asked, IPAddress? caller)
    {
        var residency = tenants.Of(intent, tenant);
        var finding = geofence.Find(caller);
        var network = finding.Country is { } country
            ? finding.Ruled ? $"{caller} is in {country}" : $"{caller} is in {country}, which has no rule of its own"
            : caller is null ? "the caller's address is not known" : $"{caller} is in no known network";
        return
        [
            new BoundaryPart("tenant", residency is null ? $"tenant '{tenant}' is not restricted" : $"residency of tenant '{tenant}'", new DataBoundary(residency, null)),
            new BoundaryPart("header", asked is null ? "the caller does not narrow it" : "the caller narrows it", new DataBoundary(asked, null)),
            new BoundaryPart("geofence", network, finding.Boundary),
        ];
    }
}
