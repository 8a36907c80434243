namespace Meridian.Federation.Sovereignty;

/// <summary>Where data of callers in a country may go. With both lists, a region must be in both.</summary>
public sealed class GeofenceCountryOptions
{
    /// <value>Permitted jurisdictions, or <c>allow</c> or <c>refuse</c> alone. Empty: no restriction by them.</value>
    public List<string> Jurisdictions { get; set; } = [];

    /// <value>Permitted regions by name. Empty: no restriction by them.</value>
    public List<string> Regions { get; set; } = [];
}
