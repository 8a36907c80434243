namespace Meridian.Grains;

/// <summary>How a region's Orleans cluster is named. Its silos and its clients must agree, or no client connects.</summary>
public static class RegionClusterId
{
    /// <summary>Orleans service id, the same in all regions: it names the product, the cluster id names the region.</summary>
    public const string Service = "meridian";

    /// <summary>Orleans cluster id of a region.</summary>
    public static string Of(string region) => $"{Service}-{region}";
}
