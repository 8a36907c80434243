using MessagePack;

namespace Meridian.Intents;

/// <summary>One record in the log's state.</summary>
[MessagePackObject]
public sealed record IntentRecord
{
    [Key(0)] public required IntentKey Key { get; init; }

    /// <value>
    /// Revision of the change that last wrote the record. Compare-and-set compares it, and it is the fencing token of actions on the record. Above 0.
    /// </value>
    [Key(1)] public required long Epoch { get; init; }

    /// <value>The record in MessagePack (<see cref="Records"/>). At most 1 MiB. Do not modify.</value>
    [Key(2)] public required byte[] Value { get; init; }
}

/// <summary>Key of one record of intent, for example kind <c>member</c>, name <c>westeurope</c>. Both parts are compared ordinally.</summary>
/// <param name="Kind">One of <see cref="IntentKinds"/>.</param>
/// <param name="Name">Unique within the kind; 1 to 256 characters.</param>
[MessagePackObject]
public readonly record struct IntentKey([property: Key(0)] string Kind, [property: Key(1)] string Name)
{
    /// <value>Order by kind, then name, each by UTF-16 code units: the same order on every machine.</value>
    public static IComparer<IntentKey> Order { get; } = Comparer<IntentKey>.Create(static (left, right) =>
        string.CompareOrdinal(left.Kind, right.Kind) is not 0 and var kinds ? kinds : string.CompareOrdinal(left.Name, right.Name));

    /// <summary>Text for people. Control characters, which earlier builds accepted in names, are escaped.</summary>
    public override string ToString() => $"{Written(Kind)}/{Written(Name)}";

    private static string Written(string? part) =>
        part?.Any(char.IsControl) == true ? string.Concat(part.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : $"{c}")) : part ?? "";
}

/// <summary>Kinds of records. The names never change, because they are in logs and snapshots on disk.</summary>
public static class IntentKinds
{
    /// <summary>A region: <see cref="Records.MemberRecord"/>.</summary>
    public const string Member = "member";

    /// <summary>A model that callers may request: <see cref="Specs.ModelSpec"/>.</summary>
    public const string Model = "model";

    /// <summary>A version of a model: <see cref="Records.VersionRecord"/>. The record's name is <c>model/version</c>.</summary>
    public const string Version = "version";

    /// <summary>Where and how a model is served: <see cref="Specs.DeploymentSpec"/>. The record's name is the model's.</summary>
    public const string Deployment = "deployment";

    /// <summary>How requests are routed: <see cref="Records.PolicyRecord"/>. The record's name is the model's, or <c>default</c>.</summary>
    public const string Policy = "policy";

    /// <summary>A tenant: <see cref="Records.TenantRecord"/>.</summary>
    public const string Tenant = "tenant";

    /// <summary>The installation as a whole: <see cref="Records.InstallationRecord"/>. The record's name is <see cref="Seed"/>.</summary>
    public const string Installation = "installation";

    /// <summary>Name of the only <see cref="Installation"/> record.</summary>
    public const string Seed = "seed";

    /// <summary>A region that operators removed: <see cref="Records.RemovedRecord"/>. The record's name is the region's.</summary>
    public const string Removed = "removed";
}
