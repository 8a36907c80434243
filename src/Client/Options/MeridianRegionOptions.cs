using Meridian.Grains;

namespace Meridian.Client;

/// <summary>A region that the client may use.</summary>
public sealed class MeridianRegionOptions
{
    /// <value>The region's name, for example <c>westeurope</c>. Required; a gateway that says it belongs to another region is not used.</value>
    public string Name { get; set; } = "";

    /// <value>Law that data in the region is under, for example <c>eu</c>. Without it the region is never used under <see cref="MeridianClientOptions.Residency"/>.</value>
    public string? Jurisdiction { get; set; }

    /// <value>Orleans gateways as <c>host:port</c>; at least one. A host name is looked up again at every refresh of the list.</value>
    public IList<string> Gateways { get; set; } = [];

    /// <value>Orleans cluster id; default <c>meridian-</c> and the name.</value>
    public string? ClusterId { get; set; }

    internal string EffectiveClusterId => string.IsNullOrEmpty(ClusterId) ? RegionClusterId.Of(Name) : ClusterId;
}
