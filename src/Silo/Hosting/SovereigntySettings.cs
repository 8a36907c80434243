using Meridian.Federation.Sovereignty;
using Meridian.Silo.Configuration;

namespace Meridian.Silo.Hosting;

/// <summary>Hands an edge what binds its callers' data.</summary>
internal static class SovereigntySettings
{
    /// <param name="target">What to fill.</param>
    /// <param name="options">The process's settings.</param>
    /// <param name="ofRegion">Whether the edge is a region's facade, which is under its region's law.</param>
    public static void Fill(SovereigntyOptions target, MeridianOptions options, bool ofRegion)
    {
        target.Jurisdiction = ofRegion || string.IsNullOrWhiteSpace(options.FrontDoor.Jurisdiction) ? null : options.FrontDoor.Jurisdiction;
        target.Geofence = options.Geofence;
    }
}
