using MessagePack;

namespace Meridian.Intents;

/// <summary>One record as it stands in the log's state.</summary>
[MessagePackObject]
public sealed record IntentRecord
{
    [Key(0)] public required IntentKey Key { get; init; }

    /// <value>Revision of the change that wrote it last: what a compare-and-set compares, and the fencing token of whoever acts on the record. Above 0.</value>
    [Key(1)] public required long Epoch { get; init; }

    /// <value>The record, in MessagePack (<see cref="Records"/>). At most 1 MiB. Not to be changed.</value>
    [Key(2)] public required byte[] Value { get; init; }
}

/// <summary>Names one record of intent, for example kind <c>member</c>, name <c>westeurope</c>. Ordinal; both parts are part of the key.</summary>
/// <param name="Kind">One of <see cref="IntentKinds"/>.</param>
/// <param name="Name">Unique within the kind; 1 to 256 characters.</param>
[MessagePackObject]
public readonly record struct IntentKey([property: Key(0)] string Kind, [property: Key(1)] string Name)
{
    /// <value>By kind, then name, code unit by code unit: the same order everywhere.</value>
    public static IComparer<IntentKey> Order { get; } = Comparer<IntentKey>.Create(static (left, right) =>
        string.CompareOrdinal(left.Kind, right.Kind) is not 0 and var kinds ? kinds : string.CompareOrdinal(left.Name, right.Name));

    /// <summary>For people; control characters, which earlier builds took in names, are written out.</summary>
    public override string ToString() => $"{Written(Kind)}/{Written(Name)}";

    private static string Written(string? part) =>
        part?.Any(char.IsControl) == true ? string.Concat(part.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : $"{c}")) : part ?? "";
}

/// <summary>Kinds of records. Names are kept for ever: they are in logs and snapshots on disk.</summary>
public static class IntentKinds
{
    /// <summary>A region: <see cref="Records.MemberRecord"/>.</summary>
    public const string Member = "member";

    /// <summary>A model that callers may name: <see cref="Records.ModelRecord"/>.</summary>
    public const string Model = "model";

    /// <summary>A version of a model, named <c>model/version</c>: <see cref="Records.VersionRecord"/>.</summary>
    public const string Version = "version";

    /// <summary>Where and how a model is served, named as the model: <see cref="Records.DeploymentRecord"/>.</summary>
    public const string Deployment = "deployment";

    /// <summary>How requests are routed, named as the model or <c>default</c>: <see cref="Records.PolicyRecord"/>.</summary>
    public const string Policy = "policy";

    /// <summary>A tenant: <see cref="Records.TenantRecord"/>.</summary>
    public const string Tenant = "tenant";

    /// <summary>The installation as a whole, named <see cref="Seed"/>: <see cref="Records.InstallationRecord"/>.</summary>
    public const string Installation = "installation";

    /// <summary>Name of the one <see cref="Installation"/> record.</summary>
    public const string Seed = "seed";

    /// <summary>A region that operators removed, named as the region: <see cref="Records.RemovedRecord"/>.</summary>
    public const string Removed = "removed";
}
