using Meridian.Federation.Residency;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Settings;

/// <summary>Hands an edge what binds its callers' data.</summary>
internal static class ResidencySettings
{
    /// <param name="target">What to fill.</param>
    /// <param name="options">The process's settings.</param>
    /// <param name="ofRegion">Whether the edge is a region's facade, which is under its region's law.</param>
    public static void Fill(ResidencyOptions target, MeridianOptions options, bool ofRegion)
    {
        target.Jurisdiction = ofRegion || string.IsNullOrWhiteSpace(options.FrontDoor.Jurisdiction) ? null : options.FrontDoor.Jurisdiction;
        target.Geofence = options.Geofence;
    }
}
