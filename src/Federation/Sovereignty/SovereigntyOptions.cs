namespace Meridian.Federation.Sovereignty;

/// <summary>What an edge knows of the law: its own, and that of its callers' networks.</summary>
public sealed class SovereigntyOptions
{
    /// <value>Law that a front door is under, for example <c>eu</c>; null: not declared, and then not checked. A region's facade is under its region's.</value>
    public string? Jurisdiction { get; set; }

    public GeofenceOptions Geofence { get; set; } = new();
}
