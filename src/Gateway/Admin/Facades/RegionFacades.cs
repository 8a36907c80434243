using Meridian.Routing.Snapshots;

namespace Meridian.Gateway.Admin.Facades;

/// <summary>Whom to ask what this process cannot answer.</summary>
internal static class RegionFacades
{
    /// <summary>All regions that have a facade, with its address, as a list in words; empty where none has.</summary>
    public static string Of(Intent intent) =>
        string.Join(", ", intent.Regions.Where(region => region.Facade is not null).Select(region => $"{region.Name} at {region.Facade}"));
}
