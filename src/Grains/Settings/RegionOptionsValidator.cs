using System.Text.RegularExpressions;
using Meridian.Specs;
using Microsoft.Extensions.Options;

namespace Meridian.Grains.Settings;

/// <summary>Reports all mistakes in <see cref="RegionOptions"/> at once, each with the option, its value and the rule.</summary>
public sealed partial class RegionOptionsValidator : IValidateOptions<RegionOptions>
{
    public ValidateOptionsResult Validate(string? name, RegionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = new List<string>();

        void Check(bool holds, string option, object? value, string rule)
        {
            if (!holds) mistakes.Add($"{option} is '{value}', but must be {rule}.");
        }

        const string NameRule = "letters, digits, '.', '_' or '-'";
        Check(NameShape().IsMatch(options.Name), "Region name", options.Name, NameRule);
        Check(NameShape().IsMatch(options.Jurisdiction), "Region jurisdiction", options.Jurisdiction, NameRule + ", for example 'eu'");
        foreach (var device in options.Devices)
            Check(DeviceShape().IsMatch(device), "Region device", device, "a kind and a number, for example 'cpu:0' or 'cuda:0'");

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Models.Count; i++)
        {
            var model = options.Models[i];
            var at = $"Models[{i}]";
            Check(NameShape().IsMatch(model.Name), $"{at}.Name", model.Name, NameRule);
            Check(names.Add(model.Name), $"{at}.Name", model.Name, "unique: another entry has this name");
            Check(model.Replicas is >= 0 and <= ScaleChange.MaxReplicas, $"{at}.Replicas", model.Replicas, $"0 to {ScaleChange.MaxReplicas}");
            foreach (var mistake in SpecRules.Check(model))
                Check(false, $"{at}.{mistake.Property}", mistake.Value, mistake.Rule);
            Check(model.Version is null || PartShape().IsMatch(model.Version), $"{at}.Version", model.Version, "without '/' and white space, or left out");
            Check(model.Variant is null || PartShape().IsMatch(model.Variant), $"{at}.Variant", model.Variant, "without '/' and white space, or left out");
        }

        void CheckSpan(TimeSpan value, TimeSpan most, string option) =>
            Check(value > TimeSpan.Zero && value <= most, option, value, $"above zero and at most {most}");

        CheckSpan(options.ReconcileInterval, TimeSpan.FromMinutes(1), nameof(options.ReconcileInterval));
        CheckSpan(options.LongPoll, TimeSpan.FromSeconds(1), nameof(options.LongPoll));
        CheckSpan(options.ShardTimeout, TimeSpan.FromSeconds(30), nameof(options.ShardTimeout));
        CheckSpan(options.RebalanceAfter, TimeSpan.FromHours(1), nameof(options.RebalanceAfter));
        CheckSpan(options.StoreTimeout, TimeSpan.FromSeconds(30), nameof(options.StoreTimeout));
        CheckSpan(options.LoadBackoff, TimeSpan.FromHours(1), nameof(options.LoadBackoff));
        CheckSpan(options.MaxLoadBackoff, TimeSpan.FromHours(1), nameof(options.MaxLoadBackoff));
        CheckSpan(options.DrainTimeout, TimeSpan.FromHours(1), nameof(options.DrainTimeout));
        CheckSpan(options.AbandonedAfter, TimeSpan.FromHours(1), nameof(options.AbandonedAfter));
        CheckSpan(options.StaleAfter, TimeSpan.FromHours(1), nameof(options.StaleAfter));
        Check(options.LoadBackoff <= options.MaxLoadBackoff, nameof(options.LoadBackoff), options.LoadBackoff, $"at most {nameof(options.MaxLoadBackoff)} ({options.MaxLoadBackoff})");

        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+\z")]
    private static partial Regex NameShape();

    [GeneratedRegex(@"\A[^/\s]+\z")]
    private static partial Regex PartShape();

    [GeneratedRegex(@"\A[a-z]+:[0-9]+\z")]
    private static partial Regex DeviceShape();
}
