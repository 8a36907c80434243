using Meridian.Federation.Residency;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Settings;

/// <summary>Copies the residency settings to the options of an edge.</summary>
internal static class ResidencySettings
{
    /// <param name="target">The options to fill.</param>
    /// <param name="options">The process's settings.</param>
    /// <param name="ofRegion">Whether the edge is a region's facade. If so, the jurisdiction of its region applies.</param>
    public static void Fill(ResidencyOptions target, MeridianOptions options, bool ofRegion)
    {
        target.Jurisdiction = ofRegion || string.IsNullOrWhiteSpace(options.FrontDoor.Jurisdiction) ? null : options.FrontDoor.Jurisdiction;
        target.Geofence = options.Geofence;
    }
}
