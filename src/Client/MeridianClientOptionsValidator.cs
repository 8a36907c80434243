using System.Globalization;
using Microsoft.Extensions.Options;

namespace Meridian.Client;

/// <summary>Finds all mistakes in the options. Each message has the option, its value and the rule.</summary>
internal sealed class MeridianClientOptionsValidator : IValidateOptions<MeridianClientOptions>
{
    /// <summary>Most regions. A request keeps the regions that it has tried as bits of one 64-bit word.</summary>
    public const int MaxRegions = 64;

    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, MeridianClientOptions options)
    {
        var mistakes = new List<string>();
        void Rule(bool holds, string option, object? value, string rule)
        {
            if (!holds)
                mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"{option} is {(value is null ? "null" : $"'{value}'")}: {rule}"));
        }

        void Time(TimeSpan value, string option, TimeSpan least) =>
            Rule(value >= least && value <= LongestTime, option, value, string.Create(CultureInfo.InvariantCulture, $"must be {least} to {LongestTime}."));

        Rule(options.Regions.Count is >= 1 and <= MaxRegions, "Regions.Count", options.Regions.Count, "list 1 to 64 regions.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Regions.Count; i++)
        {
            var region = options.Regions[i];
            var at = string.Create(CultureInfo.InvariantCulture, $"Regions[{i}]");
            Rule(!string.IsNullOrWhiteSpace(region.Name), $"{at}.Name", region.Name, "every region needs a name.");
            Rule(string.IsNullOrWhiteSpace(region.Name) || names.Add(region.Name), $"{at}.Name", region.Name, "each name may occur once.");
            Rule(region.Jurisdiction is null || !string.IsNullOrWhiteSpace(region.Jurisdiction), $"{at}.Jurisdiction", region.Jurisdiction, "leave it out or name one, for example 'eu'.");
            Rule(region.Gateways.Count > 0, $"{at}.Gateways.Count", region.Gateways.Count, "list at least one gateway as host:port.");
            for (var g = 0; g < region.Gateways.Count; g++)
            {
                Rule(
                    GatewayAddress.TryParse(region.Gateways[g], out _),
                    string.Create(CultureInfo.InvariantCulture, $"{at}.Gateways[{g}]"),
                    region.Gateways[g],
                    "must be host:port with a port of 1 to 65535, for example 10.0.0.4:8192.");
            }
        }

        Rule(!string.IsNullOrWhiteSpace(options.ServiceId), nameof(options.ServiceId), options.ServiceId, "must not be empty.");
        Rule(!string.IsNullOrWhiteSpace(options.DefaultModel), nameof(options.DefaultModel), options.DefaultModel, "must name a model.");
        Rule(options.DefaultChatModel is null || !string.IsNullOrWhiteSpace(options.DefaultChatModel), nameof(options.DefaultChatModel), options.DefaultChatModel, "leave it out or name a model.");
        Rule(!string.IsNullOrWhiteSpace(options.Tenant), nameof(options.Tenant), options.Tenant, "must not be empty.");
        Rule(options.Attempts is >= 1 and <= 100, nameof(options.Attempts), options.Attempts, "must be 1 to 100.");
        Rule(options.MaxItemsPerRequest is >= 1 and <= 2048, nameof(options.MaxItemsPerRequest), options.MaxItemsPerRequest, "must be 1 to 2048.");
        Rule(Enum.IsDefined(options.OrleansLogLevel), nameof(options.OrleansLogLevel), options.OrleansLogLevel, "must be a log level.");
        Time(options.Deadline, nameof(options.Deadline), TimeSpan.FromMilliseconds(1));
        Time(options.StreamDeadline, nameof(options.StreamDeadline), TimeSpan.FromMilliseconds(1));
        Time(options.WaitForRegion, nameof(options.WaitForRegion), TimeSpan.Zero);
        Time(options.WaitForModel, nameof(options.WaitForModel), TimeSpan.Zero);
        Time(options.PingInterval, nameof(options.PingInterval), TimeSpan.FromMilliseconds(10));
        Time(options.PingTimeout, nameof(options.PingTimeout), TimeSpan.FromMilliseconds(10));
        Time(options.ReconnectMaxDelay, nameof(options.ReconnectMaxDelay), TimeSpan.FromMilliseconds(100));
        Time(options.ReturnAfter, nameof(options.ReturnAfter), TimeSpan.Zero);

        Rule(
            options.HomeRegion is null || names.Contains(options.HomeRegion),
            nameof(options.HomeRegion),
            options.HomeRegion,
            $"must be one of Regions ({string.Join(", ", names)}).");

        if (options.Residency is { } residency)
        {
            Rule(residency.Count > 0, "Residency.Count", residency.Count, "an empty list permits nothing; leave it out for no restriction.");
            for (var i = 0; i < residency.Count; i++)
                Rule(!string.IsNullOrWhiteSpace(residency[i]), string.Create(CultureInfo.InvariantCulture, $"Residency[{i}]"), residency[i], "must name a jurisdiction, for example 'eu'.");
        }

        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
