using Meridian.Specs;

namespace Meridian.Intents.Records;

/// <summary>
/// The rules for a record before it is proposed. Every member and every edge reads the records in the log, so each record is checked twice: the facade checks a
/// record that an operator writes, and the leader checks every change before it proposes it, whichever member sent it. Only written records are checked, so a
/// record that an earlier build accepted can always be deleted.
/// </summary>
public static class RecordRules
{
    /// <summary>Name of the policy for models without one of their own.</summary>
    public const string DefaultPolicy = "default";

    /// <returns>The first mistake in the change's records, or null.</returns>
    public static string? Mistake(IntentChange change, IntentReplica replica)
    {
        foreach (var write in change.Writes)
        {
            if (write.Value is { } value && Mistake(write.Key, value, change, replica) is { } mistake)
                return $"Record {write.Key}: {mistake}.";
        }

        return null;
    }

    /// <summary>Checks a record by itself. The log checks whether the records that it names exist.</summary>
    /// <returns>The mistake, or null.</returns>
    public static string? Mistake(IntentKey key, byte[] value) => Mistake(key, value, new IntentChange { Operation = Guid.Empty, Writes = [], Pending = true }, IntentReplica.Empty);

    /// <returns>The records that this record names and that do not exist.</returns>
    public static IEnumerable<IntentKey> Missing(IntentKey key, byte[] value, IntentReplica replica) =>
        References(key, value, name => replica.Find<ModelSpec>(IntentKinds.Model, name)).Where(named => replica.EpochOf(named) == 0);

    /// <summary>The records that go with a record when it is deleted: the deployment, policy and versions of a model.</summary>
    public static IEnumerable<IntentKey> Dependents(IntentKey key, IntentReplica replica) => key.Kind == IntentKinds.Model
        ? replica.Records.Keys.Where(other => other.Kind switch
        {
            IntentKinds.Deployment => other.Name == key.Name,
            IntentKinds.Policy => other.Name == key.Name && other.Name != DefaultPolicy,
            IntentKinds.Version => other.Name.Contains('/', StringComparison.Ordinal) && RecordNames.ModelOf(other.Name) == key.Name,
            _ => false,
        })
        : [];

    /// <summary>Whether the text is an absolute http or https address.</summary>
    public static bool IsAddress(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);

    private static string? Mistake(IntentKey key, byte[] value, IntentChange change, IntentReplica replica)
    {
        var mistake = RecordNames.Mistake(key.Kind, key.Name) ?? key.Kind switch
        {
            IntentKinds.Member => Read<MemberRecord>(value, Check),
            IntentKinds.Model => Read<ModelSpec>(value, SpecRecordRules.Check),
            IntentKinds.Version => Read<VersionRecord>(value, Check),
            IntentKinds.Deployment => Read<DeploymentSpec>(value, SpecRecordRules.Check),
            IntentKinds.Policy => Read<PolicyRecord>(value, Check),
            IntentKinds.Tenant => Read<TenantRecord>(value, Check),
            IntentKinds.Installation => Read<InstallationRecord>(value, static _ => null),
            IntentKinds.Removed => Read<RemovedRecord>(value, static _ => null),
            _ => $"'{key.Kind}' is no kind that this build knows",
        };
        if (mistake is not null || change.Pending)
            return mistake;
        var missing = References(key, value, Model).Where(IsMissing).ToList();
        return missing.Count == 0 ? null : $"it names what does not exist: {string.Join(", ", missing)}. Write that first, or send the change with pending=true";

        ModelSpec? Model(string name)
        {
            var written = Array.FindLastIndex(change.Writes, write => write.Key == new IntentKey(IntentKinds.Model, name));
            return written >= 0
                ? change.Writes[written].Value is { } bytes && IntentRecords.TryRead<ModelSpec>(bytes, out var spec) ? spec : null
                : replica.Find<ModelSpec>(IntentKinds.Model, name);
        }

        bool IsMissing(IntentKey named)
        {
            var written = Array.FindLastIndex(change.Writes, write => write.Key == named);
            return written >= 0 ? change.Writes[written].Value is null : replica.EpochOf(named) == 0;
        }
    }

    private static string? Read<T>(byte[] value, Func<T, string?> rule)
        where T : class => IntentRecords.TryRead<T>(value, out var record) ? rule(record) : "the value is no record of its kind";

    private static IEnumerable<IntentKey> References(IntentKey key, byte[] value, Func<string, ModelSpec?> model)
    {
        switch (key.Kind)
        {
            case IntentKinds.Deployment when IntentRecords.TryRead<DeploymentSpec>(value, out var deployment):
                yield return new IntentKey(IntentKinds.Model, key.Name);
                foreach (var region in deployment.Regions ?? [])
                    yield return new IntentKey(IntentKinds.Member, region);
                foreach (var version in deployment.Targets.Select(static target => target.Version).OfType<string>().Distinct())
                {
                    // The model's own record names its versions. Records of the kind `version` are those of older builds.
                    if (model(key.Name)?.Versions?.Any(known => known?.Name == version) != true)
                        yield return new IntentKey(IntentKinds.Version, $"{key.Name}/{version}");
                }

                break;
            case IntentKinds.Policy when key.Name != DefaultPolicy:
                yield return new IntentKey(IntentKinds.Model, key.Name);
                break;
            case IntentKinds.Version when key.Name.Contains('/', StringComparison.Ordinal):
                yield return new IntentKey(IntentKinds.Model, RecordNames.ModelOf(key.Name));
                break;
        }
    }

    private static string? Check(MemberRecord member)
    {
        if (string.IsNullOrWhiteSpace(member.Jurisdiction) && !member.Witness)
            return "'jurisdiction' is empty; say which law data in the region is under, for example 'eu'";
        if (!IsAddress(member.Protocol))
            return $"'protocol' is '{member.Protocol}'; it must be an address such as http://10.0.0.1:8190";
        if (member.Facade is not null && !IsAddress(member.Facade))
            return $"'facade' is '{member.Facade}'; it must be an address such as http://10.0.0.1:8081, or null";
        if (member.PricePerHour is not (>= 0 and < 1e9))
            return $"'price_per_hour' is {member.PricePerHour}; it must be 0 or more, and less than 1e9";
        return Unclean("jurisdiction", member.Jurisdiction) ?? Unclean("location", member.Location) ?? Unclean("country", member.Country) ?? Unclean("consensus", member.Consensus);
    }

    private static string? Check(VersionRecord version)
    {
        if (version.Manifest is null || version.Variants is null)
            return "'manifest' and 'variants' are required";
        return version.Variants.Append(version.Manifest).Select(text => Unclean("variants", text)).FirstOrDefault(mistake => mistake is not null);
    }

    private static string? Check(PolicyRecord policy)
    {
        if (SpecRecordRules.CheckPolicy("routing", policy.Routing) is { } mistake)
            return mistake;
        return policy.HedgeAfterMs is null or (>= 0 and <= 600_000) ? null : $"'hedge_after_ms' is {policy.HedgeAfterMs}; it must be 0 to 600000, or null";
    }

    private static string? Check(TenantRecord tenant)
    {
        foreach (var jurisdiction in tenant.Residency ?? [])
        {
            if (string.IsNullOrWhiteSpace(jurisdiction) || jurisdiction.Length > 40 || Unclean("residency", jurisdiction) is not null)
                return $"'residency' names '{Shown(jurisdiction)}'; a jurisdiction has 1 to 40 characters without control characters, for example 'eu'";
        }

        return null;
    }

    internal static string? Unclean(string field, string? text) => text?.Any(char.IsControl) == true ? $"'{field}' is '{Shown(text)}'; it has a control character" : null;

    internal static string Shown(string? text) => text is null ? "null" : string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : $"{c}"));
}
