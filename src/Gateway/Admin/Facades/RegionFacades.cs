using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Admin.Facades;

/// <summary>Lists the facades to ask if this process cannot answer.</summary>
internal static class RegionFacades
{
    /// <summary>Returns the regions that have a facade, with their addresses, as text. Empty if no region has one.</summary>
    public static string Of(Intent intent) =>
        string.Join(", ", intent.Regions.Where(region => region.Facade is not null).Select(region => $"{region.Name} at {region.Facade}"));
}
