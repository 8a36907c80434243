using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Meridian.Federation.Intents;
using Meridian.Federation.Intents.Records;
using Meridian.Federation.Routing;

namespace Meridian.Gateway.Admin.Directory;

/// <summary>One kind of record: between JSON and what the log keeps, and the rules that a value must keep.</summary>
/// <param name="Name">As in <see cref="IntentKinds"/> and in the path.</param>
/// <param name="Writable">Whether operators write it themselves.</param>
internal abstract record RecordKind(string Name, bool Writable)
{
    private static readonly Dictionary<string, RecordKind> Kinds = new RecordKind[]
    {
        new Of<MemberRecord>(IntentKinds.Member, true, RecordJson.Default.MemberRecord, Check),
        new Of<ModelRecord>(IntentKinds.Model, true, RecordJson.Default.ModelRecord, Check),
        new Of<VersionRecord>(IntentKinds.Version, true, RecordJson.Default.VersionRecord, static (_, _) => null),
        new Of<DeploymentRecord>(IntentKinds.Deployment, true, RecordJson.Default.DeploymentRecord, Check),
        new Of<PolicyRecord>(IntentKinds.Policy, true, RecordJson.Default.PolicyRecord, Check),
        new Of<TenantRecord>(IntentKinds.Tenant, true, RecordJson.Default.TenantRecord, Check),
        new Of<InstallationRecord>(IntentKinds.Installation, false, RecordJson.Default.InstallationRecord, static (_, _) => null),
        new Of<RemovedRecord>(IntentKinds.Removed, false, RecordJson.Default.RemovedRecord, static (_, _) => null),
    }.ToDictionary(kind => kind.Name, StringComparer.Ordinal);

    public static IEnumerable<string> Names => Kinds.Keys.Order(StringComparer.Ordinal);

    public static bool TryFind(string name, [NotNullWhen(true)] out RecordKind? kind) => Kinds.TryGetValue(name, out kind);

    /// <summary>The record in JSON, or null where this build cannot read it.</summary>
    public abstract JsonNode? ToJson(byte[] value);

    /// <summary>Bytes for the log, or what is wrong.</summary>
    /// <param name="json">What the operator sent.</param>
    /// <param name="replica">What is in the log, for rules across records.</param>
    public abstract (byte[]? Value, string? Mistake) Read(ReadOnlySpan<byte> json, IntentReplica replica);

    private static string? Check(MemberRecord member, IntentReplica replica)
    {
        if (string.IsNullOrWhiteSpace(member.Jurisdiction) && !member.Witness)
            return "'jurisdiction' is empty; say which law data in the region is under, for example 'eu'";
        if (!Uri.TryCreate(member.Protocol, UriKind.Absolute, out var protocol) || protocol.Scheme is not ("http" or "https"))
            return $"'protocol' is '{member.Protocol}'; it must be an address such as http://10.0.0.1:8190";
        if (member.Facade is not null && (!Uri.TryCreate(member.Facade, UriKind.Absolute, out var facade) || facade.Scheme is not ("http" or "https")))
            return $"'facade' is '{member.Facade}'; it must be an address such as http://10.0.0.1:8081, or null";
        return member.PricePerHour is >= 0 and < 1e9 ? null : $"'price_per_hour' is {member.PricePerHour}; it must be 0 or more";
    }

    private static string? Check(ModelRecord model, IntentReplica replica) =>
        model.Kind is "embedding" or "generation" ? null : $"'kind' is '{model.Kind}'; it must be 'embedding' or 'generation'";

    private static string? Check(DeploymentRecord deployment, IntentReplica replica)
    {
        foreach (var region in deployment.Regions ?? [])
        {
            if (replica.EpochOf(new IntentKey(IntentKinds.Member, region)) == 0)
                return $"'regions' names '{region}', which is not a member; GET /admin/api/directory lists them";
        }

        return null;
    }

    private static string? Check(PolicyRecord policy, IntentReplica replica)
    {
        if (policy.Routing is { } routing && !RoutingPolicies.ByName.ContainsKey(routing))
            return $"'routing' is '{routing}'; it must be one of {string.Join(", ", RoutingPolicies.ByName.Keys.Order(StringComparer.Ordinal))}, or null";
        return policy.HedgeAfterMs is null or (>= 0 and <= 600_000) ? null : $"'hedge_after_ms' is {policy.HedgeAfterMs}; it must be 0 to 600000, or null";
    }

    private static string? Check(TenantRecord tenant, IntentReplica replica)
    {
        foreach (var jurisdiction in tenant.Residency ?? [])
        {
            if (string.IsNullOrWhiteSpace(jurisdiction) || jurisdiction.Length > 40)
                return $"'residency' names '{jurisdiction}'; a jurisdiction has 1 to 40 characters, for example 'eu'";
        }

        return null;
    }

    private sealed record Of<T>(string Name, bool Writable, JsonTypeInfo<T> Json, Func<T, IntentReplica, string?> Rule) : RecordKind(Name, Writable)
        where T : class
    {
        public override JsonNode? ToJson(byte[] value) => IntentRecords.TryRead<T>(value, out var record) ? JsonSerializer.SerializeToNode(record, Json) : null;

        public override (byte[]? Value, string? Mistake) Read(ReadOnlySpan<byte> json, IntentReplica replica)
        {
            T? record;
            try
            {
                record = JsonSerializer.Deserialize(json, Json);
            }
            catch (JsonException exception)
            {
                return (null, $"the body is not a record of kind '{Name}': {exception.Message.ReplaceLineEndings(" ")}");
            }

            if (record is null)
                return (null, "the body is null; to delete a record use DELETE");
            return Rule(record, replica) is { } mistake ? (null, mistake) : (IntentRecords.Bytes(record), null);
        }
    }
}
