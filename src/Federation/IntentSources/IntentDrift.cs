using System.Text.Json;
using System.Text.Json.Nodes;
using Meridian.Intents;
using Meridian.Specs;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// Where the configuration of this process and the intent log differ. The log rules, so a difference changes nothing by itself: it is shown to operators, who adopt the
/// value of the configuration or change the file. Models, deployments and tenants are compared, field by field. No side effects.
/// </summary>
public static class IntentDrift
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The differences, in the order of kinds and names.</summary>
    internal static IReadOnlyList<DriftEntry> Between(ConfiguredRecords configured, IntentReplica replica)
    {
        var differences = new List<DriftEntry>();
        foreach (var model in configured.Models)
        {
            Compare(IntentKinds.Deployment, model.Name, model.Deployment, replica, differences);
            Compare(IntentKinds.Model, model.Name, model.Spec, replica, differences);
        }

        foreach (var (name, tenant) in configured.Tenants)
            Compare(IntentKinds.Tenant, name, tenant, replica, differences);
        var models = configured.Models.Select(static m => m.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var key in replica.Records.Keys.Where(key => key.Kind == IntentKinds.Model && !models.Contains(key.Name)))
            differences.Add(new DriftEntry(key.Kind, key.Name, null, null, "not in the configuration"));
        return [.. differences.OrderBy(static d => d.Kind, StringComparer.Ordinal).ThenBy(static d => d.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// The configured record with this key, as the log would store it; null if the configuration has none. What settings cannot say stays as the log has it.
    /// </summary>
    internal static byte[]? Find(ConfiguredRecords configured, IntentReplica replica, IntentKey key) => key.Kind switch
    {
        IntentKinds.Model when configured.Models.FirstOrDefault(m => m.Name == key.Name) is { } model => IntentRecords.Bytes(
            replica.Find<ModelSpec>(key.Kind, key.Name) is { } logged ? model.Spec with { Versions = logged.Versions, Limits = logged.Limits } : model.Spec),
        IntentKinds.Deployment when configured.Models.FirstOrDefault(m => m.Name == key.Name) is { } model => IntentRecords.Bytes(model.Deployment),
        IntentKinds.Tenant when configured.Tenants.Where(t => t.Name == key.Name).Select(static t => t.Tenant).FirstOrDefault() is { } tenant => IntentRecords.Bytes(tenant),
        _ => null,
    };

    private static void Compare<T>(string kind, string name, T configured, IntentReplica replica, List<DriftEntry> differences)
        where T : class
    {
        if (replica.EpochOf(new IntentKey(kind, name)) == 0)
        {
            differences.Add(new DriftEntry(kind, name, null, "in the configuration", "missing"));
            return;
        }

        if (replica.Find<T>(kind, name) is not { } logged)
            return;
        Compare(kind, name, "", JsonSerializer.SerializeToNode(configured, Json), JsonSerializer.SerializeToNode(logged, Json), differences);
    }

    private static void Compare(string kind, string name, string path, JsonNode? configured, JsonNode? logged, List<DriftEntry> differences)
    {
        // Settings cannot say these.
        if (path is "versions" or "limits" or "salt")
            return;

        // A null in the log is a field that an older build did not have: configuration decided about it, and still does.
        if (path is "origin" || logged is null && path is "engine" or "replicas" || IsEmpty(configured) && IsEmpty(logged))
            return;
        if (configured is JsonObject ours && logged is JsonObject theirs)
        {
            foreach (var (field, value) in ours)
                Compare(kind, name, path.Length == 0 ? field : $"{path}.{field}", value, theirs[field], differences);
        }
        else if (!JsonNode.DeepEquals(configured, logged))
        {
            differences.Add(new DriftEntry(kind, name, path, configured?.ToJsonString() ?? "null", logged?.ToJsonString() ?? "null"));
        }
    }

    private static bool IsEmpty(JsonNode? node) => node is null or JsonArray { Count: 0 };
}

/// <summary>A difference between the configuration and the intent log.</summary>
/// <param name="Kind">Kind of the record.</param>
/// <param name="Name">Name of the record.</param>
/// <param name="Field">The field, for example <c>engine.max_batch</c>; null if only one side has the record.</param>
/// <param name="Configured">The configured value as JSON, or null if the configuration does not have the record.</param>
/// <param name="Log">The log's value as JSON, or the words that say which side lacks the record.</param>
public sealed record DriftEntry(string Kind, string Name, string? Field, string? Configured, string Log)
{
    public override string ToString() => Field is null ? $"{Kind}/{Name}: {(Configured is null ? Log : $"{Log} in the log")}" : $"{Kind}/{Name} {Field}: {Configured} in the settings, {Log} in the log";
}
