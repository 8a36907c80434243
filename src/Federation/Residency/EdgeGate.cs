using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Residency;

/// <summary>
/// Says whether the edge itself may receive a request. An edge outside of the request's boundary must not, because the data would leave the boundary with the
/// body. The edge can then name a region whose facade may receive it. The result depends only on the settings, the snapshot and the boundary.
/// </summary>
public sealed class EdgeGate(IOptions<ResidencyOptions> options)
{
    private readonly string? _jurisdiction = options.Value.Jurisdiction;

    /// <summary>
    /// The facade of a region may receive a request if the boundary permits its region. A front door may receive it if its declared jurisdiction is
    /// permitted; if regions are permitted by name, its jurisdiction must also be that of one of them. A front door without a declared jurisdiction is not
    /// checked. If no region at all is permitted, no edge may receive the data.
    /// </summary>
    public bool MayReceive(DirectorySnapshot snapshot, in DataBoundary boundary)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var intent = snapshot.Intent;
        if (snapshot.OwnRegion is { } own)
            return boundary.IsUnrestricted || (Array.Find(intent.Regions, r => r.Name == own) is { } region && boundary.Permits(region));

        // The residency of tenants is not known yet. An edge without a declared jurisdiction takes the request, and the decision waits for an intent.
        if (intent.Epoch == 0)
            return _jurisdiction is null;
        if (boundary.IsUnrestricted)
            return true;
        if (_jurisdiction is not null && !(boundary with { Regions = null }).Permits("", _jurisdiction))
            return false;
        foreach (var region in intent.Regions)
        {
            if (boundary.Permits(region) && (_jurisdiction is null || boundary.Regions is null || IsOurs(region.Jurisdiction)))
                return true;
        }

        return false;
    }

    /// <summary>
    /// The region to which the caller is sent. It must be permitted, have a facade and be heard. Alive regions come before suspect ones, then the shorter
    /// round trip wins. Null if there is none.
    /// </summary>
    public static RegionMember? Nearest(DirectorySnapshot snapshot, in DataBoundary boundary)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        RegionMember? best = null;
        var rank = (Health: 0, RoundTripMs: 0d);
        foreach (var region in snapshot.Intent.Regions)
        {
            if (region.Facade is null || region.Name == snapshot.OwnRegion || !boundary.Permits(region)
                || !snapshot.Views.TryGetValue(region.Name, out var view) || view.Health is not (RegionHealth.Alive or RegionHealth.Suspect))
                continue;

            // A draining region can at best pass requests on, so it comes last.
            var here = (Health: (view.Draining ? 2 : 0) + (view.Health == RegionHealth.Alive ? 0 : 1), RoundTripMs: double.IsNaN(view.RoundTripMs) ? double.MaxValue : view.RoundTripMs);
            if (best is null || here.CompareTo(rank) < 0)
                (best, rank) = (region, here);
        }

        return best;
    }

    private bool IsOurs(string jurisdiction) => string.Equals(jurisdiction, _jurisdiction, StringComparison.OrdinalIgnoreCase);
}
