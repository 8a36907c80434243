using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Meridian.Intents;
using Meridian.Intents.Records;
using Meridian.Specs;

namespace Meridian.Gateway.Admin.Records;

/// <summary>
/// One kind of record: converts between JSON and the bytes in the log. The log's own rules decide which values are valid (<see cref="RecordRules"/>).
/// </summary>
/// <param name="Name">Name of the kind, as in <see cref="IntentKinds"/> and in the path.</param>
/// <param name="Writable">Whether operators may write records of this kind.</param>
internal abstract record RecordKind(string Name, bool Writable)
{
    private static readonly Dictionary<string, RecordKind> Kinds = new RecordKind[]
    {
        new Of<MemberRecord>(IntentKinds.Member, true, RecordJson.Default.MemberRecord),
        new Of<ModelSpec>(IntentKinds.Model, true, RecordJson.Default.ModelSpec, static model => model with { Engine = model.Engine ?? new EngineSettings(), Origin = null }),
        new Of<VersionRecord>(IntentKinds.Version, true, RecordJson.Default.VersionRecord),
        new Of<DeploymentSpec>(IntentKinds.Deployment, true, RecordJson.Default.DeploymentSpec, static deployment => deployment with { Replicas = deployment.Replicas ?? 1, Origin = null }),
        new Of<PolicyRecord>(IntentKinds.Policy, true, RecordJson.Default.PolicyRecord),
        new Of<TenantRecord>(IntentKinds.Tenant, true, RecordJson.Default.TenantRecord),
        new Of<InstallationRecord>(IntentKinds.Installation, false, RecordJson.Default.InstallationRecord),
        new Of<RemovedRecord>(IntentKinds.Removed, false, RecordJson.Default.RemovedRecord),
    }.ToDictionary(kind => kind.Name, StringComparer.Ordinal);

    public static IEnumerable<string> Names => Kinds.Keys.Order(StringComparer.Ordinal);

    public static bool TryFind(string name, [NotNullWhen(true)] out RecordKind? kind) => Kinds.TryGetValue(name, out kind);

    /// <summary>Converts a record to JSON. Returns null if this build cannot read it.</summary>
    public abstract JsonNode? ToJson(byte[] value);

    /// <summary>Parses and checks a record. Returns its bytes for the log, or an error text.</summary>
    /// <param name="json">What the operator sent.</param>
    public abstract (byte[]? Value, string? Mistake) Read(IntentKey key, ReadOnlySpan<byte> json);

    /// <param name="Complete">Fills fields that the operator left out, or null. A missing field says that an older build wrote the record, so none stays missing.</param>
    private sealed record Of<T>(string Name, bool Writable, JsonTypeInfo<T> Json, Func<T, T>? Complete = null) : RecordKind(Name, Writable)
        where T : class
    {
        public override JsonNode? ToJson(byte[] value)
        {
            try
            {
                return IntentRecords.TryRead<T>(value, out var record) ? JsonSerializer.SerializeToNode(record, Json) : null;
            }
            catch (ArgumentException)
            {
                // The record has a number that JSON cannot represent. Earlier builds accepted such numbers.
                return null;
            }
        }

        public override (byte[]? Value, string? Mistake) Read(IntentKey key, ReadOnlySpan<byte> json)
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
            var value = IntentRecords.Bytes(Complete is null ? record : Complete(record));
            return RecordRules.Mistake(key, value) is { } mistake ? (null, mistake) : (value, null);
        }
    }
}
