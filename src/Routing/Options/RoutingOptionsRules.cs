
namespace Meridian.Routing.Options;

/// <summary>Checks <see cref="RoutingOptions"/>.</summary>
internal static class RoutingOptionsRules
{
    /// <summary>Adds one line for each broken rule, with the option, its value and the rule.</summary>
    public static void Check(RoutingOptions options, List<string> mistakes)
    {
        if (options.HighWaterMs is not (> 0 and <= 3_600_000))
            mistakes.Add($"Routing.HighWaterMs is {options.HighWaterMs}; it must be above 0 and at most 3600000.");
        if (!(options.LowWaterMs >= 0 && options.LowWaterMs < options.HighWaterMs))
            mistakes.Add($"Routing.LowWaterMs is {options.LowWaterMs}; it must be at least 0 and below HighWaterMs ({options.HighWaterMs}), else requests would go to and fro.");
        if (options.LowWaterFor < TimeSpan.Zero || options.LowWaterFor > TimeSpan.FromHours(1))
            mistakes.Add($"Routing.LowWaterFor is {options.LowWaterFor}; it must be zero to one hour.");
        if (options.AffinityExtraMs is not (>= 0 and <= 3_600_000))
            mistakes.Add($"Routing.AffinityExtraMs is {options.AffinityExtraMs}; it must be 0 to 3600000.");
        if (options.AffinityExtraRequests is not (>= 0 and <= 1_000_000))
            mistakes.Add($"Routing.AffinityExtraRequests is {options.AffinityExtraRequests}; it must be 0 to 1000000.");
        if (options.AffinityRatio is not (>= 1 and <= 1000))
            mistakes.Add($"Routing.AffinityRatio is {options.AffinityRatio}; it must be 1 to 1000.");
        if (RoutingPolicyNames.IndexOf(options.FlexPolicy) < 0)
            mistakes.Add($"Routing.FlexPolicy is '{options.FlexPolicy}'; it must be one of {RoutingPolicyNames.Quoted}.");
        if (options.FlexExtra < TimeSpan.Zero || options.FlexExtra > TimeSpan.FromDays(1))
            mistakes.Add($"Routing.FlexExtra is {options.FlexExtra}; it must be zero to one day.");
        if (options.FlexLoad is not (>= 0 and <= 1))
            mistakes.Add($"Routing.FlexLoad is {options.FlexLoad}; it must be 0 to 1.");
        if (options.HalfOpenShare is not (> 0 and <= 1))
            mistakes.Add($"Routing.HalfOpenShare is {options.HalfOpenShare}; it must be above 0 and at most 1.");
    }
}
