namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules for settings, for single fields and across fields. All broken rules are reported, not only the first.</summary>
public static class MeridianOptionsRules
{
    /// <summary>Adds one line per broken rule: path, value, rule.</summary>
    public static void Check(MeridianOptions options, ICollection<string> mistakes)
    {
        if (string.IsNullOrWhiteSpace(options.Data))
        {
            mistakes.Add($"{MeridianOptions.Section}:Data = '{options.Data}': must name a directory.");
        }

        SettingRules.Range(mistakes, "PortsFrom", options.PortsFrom, 1, 65535 - PortPlan.Span);
        SettingRules.Range(mistakes, "ShutdownSeconds", options.ShutdownSeconds, 1, 600);
        SettingRules.Range(mistakes, "ExactReplayMs", options.ExactReplayMs, 0, 3_600_000);
        SettingRules.Range(mistakes, "AnnounceSeconds", options.AnnounceSeconds, 0, Math.Clamp(options.ShutdownSeconds, 1, 600));
        SettingRules.Range(mistakes, "StreamDrainSeconds", options.StreamDrainSeconds ?? 0, 0, Math.Clamp(options.ShutdownSeconds, 1, 600));
        SettingRules.Range(mistakes, "WaitForModelSeconds", options.WaitForModelSeconds, 0, 600);
        SettingRules.Range(mistakes, "DrainSeconds", options.DrainSeconds, 1, 3600);
        RegionRules.CheckRegions(options, mistakes);
        ModelRules.CheckModels(options, mistakes);
        RoutingRules.CheckRouting(options.Routing, mistakes);
        RoutingRules.CheckAvailability(options.Availability, mistakes);
        ResidencyRules.CheckTenants(options, mistakes);
        ResidencyRules.CheckGeofence(options, mistakes);
        StoreRules.CheckStore(options.Store, "Store", mistakes);
        StoreRules.CheckClustering(options.Clustering, "Clustering", mistakes);
        IntentSettingRules.CheckIntent(options, mistakes);
        ProcessRules.CheckProcess(options, mistakes);
        ProcessRules.CheckFrontDoor(options, mistakes);
        GatewayRules.CheckGateway(options.Gateway, mistakes);
    }
}
