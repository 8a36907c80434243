namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Routing</c> and <c>Availability</c>.</summary>
internal static class RoutingRules
{
    internal static void CheckRouting(RoutingSettings routing, ICollection<string> mistakes)
    {
        SettingRules.CheckPolicy(routing.Policy, "Routing:Policy", mistakes);
        SettingRules.CheckPolicy(routing.FlexPolicy, "Routing:FlexPolicy", mistakes);
        SettingRules.Range(mistakes, "Routing:NearEqualMs", routing.NearEqualMs, 0, 10_000);
        SettingRules.Range(mistakes, "Routing:LowWaterSeconds", routing.LowWaterSeconds, 0, 3600);
        SettingRules.Range(mistakes, "Routing:AffinityExtraMs", routing.AffinityExtraMs, 0, 3_600_000);
        SettingRules.Range(mistakes, "Routing:AffinityExtraRequests", routing.AffinityExtraRequests, 0, 1_000_000);
        SettingRules.Range(mistakes, "Routing:AffinityRatio", routing.AffinityRatio, 1, 1000);
        SettingRules.Range(mistakes, "Routing:FlexExtraSeconds", routing.FlexExtraSeconds, 0, 86_400);
        SettingRules.Range(mistakes, "Routing:FlexLoad", routing.FlexLoad, 0, 1);
        if (routing.HighWaterMs is not (> 0 and <= 3_600_000))
        {
            mistakes.Add(FormattableString.Invariant($"{MeridianOptions.Section}:Routing:HighWaterMs = {routing.HighWaterMs}: must be above 0, at most 3600000."));
        }

        if (!(routing.LowWaterMs >= 0 && routing.LowWaterMs < routing.HighWaterMs))
        {
            mistakes.Add(FormattableString.Invariant($"{MeridianOptions.Section}:Routing:LowWaterMs = {routing.LowWaterMs}: must be at least 0 and below Routing:HighWaterMs ({routing.HighWaterMs})."));
        }
    }

    internal static void CheckAvailability(AvailabilitySettings availability, ICollection<string> mistakes)
    {
        const double Day = 86_400;
        SettingRules.Range(mistakes, "Availability:FailureRatio", availability.FailureRatio, 0.01, 1);
        SettingRules.Range(mistakes, "Availability:MinimumThroughput", availability.MinimumThroughput, 2, 1_000_000);
        SettingRules.Range(mistakes, "Availability:SamplingSeconds", availability.SamplingSeconds, 0.5, Day);
        SettingRules.Range(mistakes, "Availability:MaxBreakSeconds", availability.MaxBreakSeconds, 0.5, Day);
        SettingRules.Range(mistakes, "Availability:BreakSeconds", availability.BreakSeconds, 0.5, availability.MaxBreakSeconds is >= 0.5 and <= Day ? availability.MaxBreakSeconds : Day);
        SettingRules.Range(mistakes, "Availability:Probes", availability.Probes, 1, 1000);
        SettingRules.Range(mistakes, "Availability:HalfOpenShare", availability.HalfOpenShare, 0.0001, 1);
        SettingRules.Range(mistakes, "Availability:SlowStartSeconds", availability.SlowStartSeconds, 0, 3600);
        SettingRules.Range(mistakes, "Availability:SlowStartFloor", availability.SlowStartFloor, 0.0001, 1);
        SettingRules.Range(mistakes, "Availability:SlowStartAggression", availability.SlowStartAggression, 0.01, 100);
    }
}
