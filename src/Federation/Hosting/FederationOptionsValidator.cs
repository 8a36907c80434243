using Meridian.Federation.Configuration;
using Meridian.Routing;
using Meridian.Routing.Options;
using Meridian.Routing.Policies;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.Hosting;

/// <summary>Reports every mistake of <see cref="FederationOptions"/> at once, each with option, value and rule.</summary>
public sealed class FederationOptionsValidator : IValidateOptions<FederationOptions>
{
    public ValidateOptionsResult Validate(string? name, FederationOptions options)
    {
        var mistakes = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Edge))
            mistakes.Add("Edge is empty; give this observer a name, for example 'front-door'.");
        var regions = CheckRegions(options, mistakes);
        CheckModels(options, regions, mistakes);
        CheckTenants(options, mistakes);
        if (options.Region is not null && !regions.Contains(options.Region))
            mistakes.Add($"Region is '{options.Region}', which is not a member; Regions names {Names(regions)}.");
        if (options.Region is null && options.Models.Count > 0 && options.Regions.Exists(r => string.IsNullOrWhiteSpace(r.Name)))
            mistakes.Add("Models are declared, but a region has no name; name every region or leave Models empty so that both are learned from the regions.");
        CheckNumbers(options, mistakes);
        RoutingOptionsRules.Check(options.Routing, mistakes);
        CheckHeartbeat(options.Heartbeat, mistakes);
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes.ConvertAll(m => $"Federation: {m}"));
    }

    private static HashSet<string> CheckRegions(FederationOptions options, List<string> mistakes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var addresses = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (options.Regions.Count == 0)
            mistakes.Add("Regions is empty; name at least one region and its Protocol address.");
        for (var i = 0; i < options.Regions.Count; i++)
        {
            var region = options.Regions[i];
            if (string.IsNullOrWhiteSpace(region.Name))
            {
                if (options.Region is not null)
                    mistakes.Add($"Regions[{i}].Name is empty; every region needs a name.");
            }
            else if (!names.Add(region.Name))
            {
                mistakes.Add($"Regions[{i}].Name is '{region.Name}', which another region has too; names must be unique.");
            }

            if (options.StatesIntent && string.IsNullOrWhiteSpace(region.Jurisdiction))
                mistakes.Add($"Regions[{i}].Jurisdiction is empty; say which law data in '{region.Name}' is under, for example 'eu'.");
            if (!IsHttp(region.Protocol))
                mistakes.Add($"Regions[{i}].Protocol is '{region.Protocol}'; it must be an absolute http or https address without a path, for example 'http://127.0.0.1:8190'.");
            else if (!addresses.Add(region.Protocol.TrimEnd('/')))
                mistakes.Add($"Regions[{i}].Protocol is '{region.Protocol}', which another region has too; addresses must be unique.");
            if (region.PricePerHour is not (>= 0 and <= 1_000_000))
                mistakes.Add($"Regions[{i}].PricePerHour is {region.PricePerHour}; it must be 0 (unknown) to 1000000.");
            if (region.Facade is not null && !IsHttp(region.Facade))
                mistakes.Add($"Regions[{i}].Facade is '{region.Facade}'; it must be an absolute http or https address without a path, or absent.");
        }

        return names;
    }

    private static void CheckModels(FederationOptions options, HashSet<string> regions, List<string> mistakes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Models.Count; i++)
        {
            var model = options.Models[i];
            if (string.IsNullOrWhiteSpace(model.Name))
                mistakes.Add($"Models[{i}].Name is empty; every model needs a name.");
            else if (!names.Add(model.Name))
                mistakes.Add($"Models[{i}].Name is '{model.Name}', which another model has too; names must be unique.");
            if (string.IsNullOrWhiteSpace(model.Kind))
                mistakes.Add($"Models[{i}].Kind is empty; say what '{model.Name}' does, for example 'embedding'.");
            if (model.HedgeAfterMs is < 0)
                mistakes.Add($"Models[{i}].HedgeAfterMs is {model.HedgeAfterMs}; it must be 0 (never) or more ms.");
            if (model.Routing is not null && !RoutingPolicies.ByName.ContainsKey(model.Routing))
                mistakes.Add($"Models[{i}].Routing is '{model.Routing}'; it must be one of {RoutingPolicyNames.Quoted}, or absent.");
            foreach (var region in model.Regions)
            {
                if (!regions.Contains(region))
                    mistakes.Add($"Models[{i}].Regions names '{region}', which is not a member; Regions names {Names(regions)}.");
            }
        }
    }

    private static void CheckTenants(FederationOptions options, List<string> mistakes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Tenants.Count; i++)
        {
            var tenant = options.Tenants[i];
            if (string.IsNullOrWhiteSpace(tenant.Name))
                mistakes.Add($"Tenants[{i}].Name is empty; every tenant needs a name.");
            else if (!names.Add(tenant.Name))
                mistakes.Add($"Tenants[{i}].Name is '{tenant.Name}', which another tenant has too; names must be unique.");
            if (tenant.Residency.Count == 0)
                mistakes.Add($"Tenants[{i}].Residency is empty; name the jurisdictions that data of '{tenant.Name}' may enter, or leave the tenant out where it may go anywhere.");
            if (tenant.Residency.Exists(string.IsNullOrWhiteSpace))
                mistakes.Add($"Tenants[{i}].Residency has an empty name; every jurisdiction needs one, for example 'eu'.");
        }
    }

    private static void CheckNumbers(FederationOptions options, List<string> mistakes)
    {
        if (options.Epoch < 1)
            mistakes.Add($"Epoch is {options.Epoch}; it must be at least 1.");
        if (options.Attempts is < 1 or > 16)
            mistakes.Add($"Attempts is {options.Attempts}; it must be 1 to 16.");
        if (options.HedgeAfterMs < 0)
            mistakes.Add($"HedgeAfterMs is {options.HedgeAfterMs}; it must be 0 (never) or more ms.");
        Positive("Deadline", options.Deadline, mistakes);
        if (options.Deadline > TimeSpan.FromDays(1))
            mistakes.Add($"Deadline is {options.Deadline}; it must be at most a day.");
        if (options.WaitForRegion < TimeSpan.Zero)
            mistakes.Add($"WaitForRegion is {options.WaitForRegion}; it must not be negative.");
        if (options.WaitForModel < TimeSpan.Zero || options.WaitForModel > TimeSpan.FromMinutes(10))
            mistakes.Add($"WaitForModel is {options.WaitForModel}; it must be zero to ten minutes.");
        if (options.MaxWaitingForModels < 0)
            mistakes.Add($"MaxWaitingForModels is {options.MaxWaitingForModels}; it must not be negative.");
        if (!RoutingPolicies.ByName.ContainsKey(options.RoutingPolicy))
            mistakes.Add($"RoutingPolicy is '{options.RoutingPolicy}'; it must be one of {RoutingPolicyNames.Quoted}.");
        if (options.NearEqualMs is not (>= 0 and <= 10_000))
            mistakes.Add($"NearEqualMs is {options.NearEqualMs}; it must be 0 to 10000.");
        if (options.Wire.MaxMessageBytes is < 64 * 1024 or > 30_000_000)
            mistakes.Add($"Wire.MaxMessageBytes is {options.Wire.MaxMessageBytes}; it must be 65536 to 30000000.");
        if (options.StreamDrain < TimeSpan.Zero || options.StreamDrain > TimeSpan.FromHours(1))
            mistakes.Add($"StreamDrain is {options.StreamDrain}; it must be zero to one hour.");
        Positive("Wire.ConnectTimeout", options.Wire.ConnectTimeout, mistakes);
    }

    private static void CheckHeartbeat(HeartbeatOptions heartbeat, List<string> mistakes)
    {
        if (heartbeat.Interval < TimeSpan.FromMilliseconds(10))
            mistakes.Add($"Heartbeat.Interval is {heartbeat.Interval}; it must be at least 10 ms.");
        if (heartbeat.AcceptablePause < TimeSpan.Zero)
            mistakes.Add($"Heartbeat.AcceptablePause is {heartbeat.AcceptablePause}; it must not be negative.");
        Positive("Heartbeat.MinStdDev", heartbeat.MinStdDev, mistakes);
        if (heartbeat.SuspectPhi is not (> 0 and < 100))
            mistakes.Add($"Heartbeat.SuspectPhi is {heartbeat.SuspectPhi}; it must be above 0 and below 100.");
        if (!(heartbeat.DeadPhi > heartbeat.SuspectPhi && heartbeat.DeadPhi < 300))
            mistakes.Add($"Heartbeat.DeadPhi is {heartbeat.DeadPhi}; it must be above SuspectPhi ({heartbeat.SuspectPhi}) and below 300.");
        if (heartbeat.MaxSilence < 2 * heartbeat.Interval)
            mistakes.Add($"Heartbeat.MaxSilence is {heartbeat.MaxSilence}; it must be at least twice Interval ({heartbeat.Interval}).");
        Positive("Heartbeat.MinBackOff", heartbeat.MinBackOff, mistakes);
        if (heartbeat.MaxBackOff < heartbeat.MinBackOff)
            mistakes.Add($"Heartbeat.MaxBackOff is {heartbeat.MaxBackOff}; it must be at least MinBackOff ({heartbeat.MinBackOff}).");
    }

    private static void Positive(string option, TimeSpan value, List<string> mistakes)
    {
        if (value <= TimeSpan.Zero)
            mistakes.Add($"{option} is {value}; it must be above zero.");
    }

    private static bool IsHttp(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && uri.AbsolutePath == "/" && uri.Query.Length == 0;

    private static string Names(IEnumerable<string> names)
    {
        var sorted = string.Join(", ", names.Order(StringComparer.Ordinal).Select(n => $"'{n}'"));
        return sorted.Length == 0 ? "none" : sorted;
    }
}
