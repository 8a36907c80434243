using Meridian.Routing.Residency;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Residency;

/// <summary>
/// Whether the edge itself may receive a request: an edge outside of a request's boundary must not, since the data would leave it with the body. It can name a region whose
/// facade may. A pure function over snapshot and boundary.
/// </summary>
public sealed class EdgeGate(IOptions<ResidencyOptions> options)
{
    private readonly string? _jurisdiction = options.Value.Jurisdiction;

    /// <summary>
    /// A region's facade goes by its region. A front door goes by its declared jurisdiction, which must be permitted and, where regions are permitted by name, be that of one of them;
    /// one that declares none is not checked. Where no region at all is permitted, nobody need receive the data.
    /// </summary>
    public bool MayReceive(DirectorySnapshot snapshot, in DataBoundary boundary)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var intent = snapshot.Intent;
        if (snapshot.OwnRegion is { } own)
            return boundary.IsUnrestricted || (Array.Find(intent.Regions, r => r.Name == own) is { } region && boundary.Permits(region));

        // Whose data may go where is not known yet. An edge that declares no jurisdiction takes the request, and the decision waits for an intent.
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
    /// The region to send the caller to: permitted, with a facade, and heard of. Alive ones before suspect ones, then by round trip from here; null where there is none.
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

            // One that takes nothing new passes requests on at best.
            var here = (Health: (view.Draining ? 2 : 0) + (view.Health == RegionHealth.Alive ? 0 : 1), RoundTripMs: double.IsNaN(view.RoundTripMs) ? double.MaxValue : view.RoundTripMs);
            if (best is null || here.CompareTo(rank) < 0)
                (best, rank) = (region, here);
        }

        return best;
    }

    private bool IsOurs(string jurisdiction) => string.Equals(jurisdiction, _jurisdiction, StringComparison.OrdinalIgnoreCase);
}
