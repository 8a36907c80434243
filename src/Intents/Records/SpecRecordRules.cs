using System.Buffers;
using Meridian.Routing;
using Meridian.Specs;

namespace Meridian.Intents.Records;

/// <summary>The rules for a model and its deployment as records. Each method returns the first mistake with field, value and rule, or null.</summary>
internal static class SpecRecordRules
{
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    public static string? Check(ModelSpec model)
    {
        if (model.Kind is not ("embedding" or "generation"))
            return $"'kind' is '{RecordRules.Shown(model.Kind)}'; it must be 'embedding' or 'generation'";
        return RecordRules.Unclean("owned_by", model.OwnedBy) ?? CheckVersions(model.Versions) ?? CheckEngine(model.Engine)
            ?? (model.Limits is { } limits ? Ranges("limits", limits) : null)
            ?? (model.Routing is { } routing ? CheckPolicy("routing.policy", routing.Policy) ?? Ranges("routing", routing) : null);
    }

    public static string? Check(DeploymentSpec deployment)
    {
        foreach (var region in deployment.Regions ?? [])
        {
            if (region is null || RecordNames.Mistake(IntentKinds.Member, region) is not null)
                return $"'regions' names '{RecordRules.Shown(region)}', which is no name of a member";
        }

        return CheckPart("version", deployment.Version) ?? CheckPart("variant", deployment.Variant) ?? Ranges("", deployment)
            ?? RecordRules.Unclean("salt", deployment.Salt) ?? CheckWeights(deployment.Weights);
    }

    /// <summary>Checks the name of a routing policy.</summary>
    public static string? CheckPolicy(string field, string? policy) =>
        policy is null || RoutingPolicyNames.All.Contains(policy) ? null : $"'{field}' is '{RecordRules.Shown(policy)}'; it must be one of {string.Join(", ", RoutingPolicyNames.All)}, or null";

    private static string? CheckVersions(VersionSpec[]? versions)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var version in versions ?? [])
        {
            if (version?.Name is null || version.Variants is not { Length: > 0 })
                return "'versions' has an entry without 'name' or without 'variants'";
            if (CheckPart("versions.name", version.Name) is { } mistake)
                return mistake;
            if (!names.Add(version.Name))
                return $"'versions' has '{version.Name}' twice";
            foreach (var variant in version.Variants)
            {
                if (variant?.Name is null || CheckPart("variants.name", variant.Name) is not null)
                    return $"version '{version.Name}' has a variant named '{RecordRules.Shown(variant?.Name)}'; a variant is named without '/' and white space, for example 'fp32'";
                if (variant.Manifest is not { Length: 64 } digest || digest.AsSpan().ContainsAnyExcept(Hexadecimal))
                    return $"variant '{variant.Name}' of version '{version.Name}' has the manifest '{RecordRules.Shown(variant.Manifest)}'; give the SHA-256 of its manifest.json, 64 lower-case hexadecimal digits, as 'store add' prints it";
            }
        }

        return null;
    }

    private static string? CheckEngine(EngineSettings? engine)
    {
        if (engine is null)
            return null;
        foreach (var mistake in SpecRules.Check(engine))
            return $"'engine.{Snake(mistake.Property)}' is '{RecordRules.Shown(mistake.Value.ToString())}'; it must be {mistake.Rule}";
        return null;
    }

    private static string? CheckWeights(VersionWeight[]? weights)
    {
        if (weights is not { Length: > 0 })
            return null;
        if (weights.Length > DeploymentSpec.MaxWeights)
            return $"'weights' has {weights.Length} entries; a deployment has at most {DeploymentSpec.MaxWeights} versions at once";
        var named = new HashSet<(string?, string?)>();
        foreach (var weight in weights)
        {
            if (weight is null)
                return "'weights' has an entry that is null";
            if ((CheckPart("weights.version", weight.Version) ?? CheckPart("weights.variant", weight.Variant) ?? Ranges("weights", weight)) is { } mistake)
                return mistake;
            if (!named.Add((weight.Version, weight.Variant)))
                return $"'weights' has version '{weight.Version}', variant '{weight.Variant}' twice";
        }

        return Array.Exists(weights, static weight => weight.Weight > 0) ? null : "all 'weights' are 0; at least one must be above 0";
    }

    private static string? CheckPart(string field, string? text) =>
        text is null || (text.Length is > 0 and <= 96 && !text.Contains('/', StringComparison.Ordinal) && !text.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c)))
            ? null
            : $"'{field}' is '{RecordRules.Shown(text)}'; it must have 1 to 96 characters without '/' and white space";

    private static string? Ranges<T>(string group, T spec)
        where T : class
    {
        foreach (var mistake in SpecRules.CheckRanges(spec, typeof(T)))
            return $"'{(group.Length == 0 ? "" : group + ".")}{Snake(mistake.Property)}' is {mistake.Value}; it must be {mistake.Rule}";
        return null;
    }

    private static string Snake(string property) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property);
}
