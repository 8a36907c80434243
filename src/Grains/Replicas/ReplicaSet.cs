using System.Collections.Frozen;

namespace Meridian.Grains.Replicas;

/// <summary>A model's replicas as this process knows them. Immutable: a new table replaces the whole set.</summary>
internal sealed class ReplicaSet
{
    private readonly FrozenDictionary<(string Version, string Variant), ReplicaTarget[]> _byVersion;

    /// <param name="table">The newest table from the deployment. Null before the first one.</param>
    /// <param name="ready">The replicas that accept requests.</param>
    public ReplicaSet(ReplicaTable? table, ReplicaTarget[] ready)
    {
        Table = table;
        Ready = ready;
        _byVersion = ready.GroupBy(static target => (target.Version, target.Variant)).ToFrozenDictionary(static group => group.Key, static group => group.ToArray());
    }

    public static ReplicaSet Empty { get; } = new(null, []);

    public ReplicaTable? Table { get; }

    public ReplicaTarget[] Ready { get; }

    /// <summary>The ready replicas of a version and variant; null stands for any.</summary>
    public ReplicaTarget[] Of(string? version, string? variant)
    {
        if (version is null && variant is null) return Ready;
        if (version is not null && variant is not null) return _byVersion.GetValueOrDefault((version, variant)) ?? [];
        return Array.FindAll(Ready, target => (version is null || target.Version == version) && (variant is null || target.Variant == variant));
    }

    /// <summary>Whether the deployment has a version and variant, ready or not; null stands for any. True while there is no table.</summary>
    public bool Has(string? version, string? variant) => Table is not { } table
        || Array.Exists(table.Sets ?? [new ReplicaSetStatus { Version = table.Version, Variant = table.Variant }], set =>
            (version is null || set.Version == version) && (variant is null || set.Variant == variant));
}
