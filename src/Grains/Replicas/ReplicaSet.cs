using System.Collections.Frozen;

namespace Meridian.Grains.Replicas;

/// <summary>A model's replicas as this process knows them. Immutable: a new table replaces the whole set.</summary>
internal sealed class ReplicaSet
{
    private readonly FrozenDictionary<(string? Version, string? Variant), ReplicaTarget[]> _byVersion;
    private readonly FrozenSet<(string? Version, string? Variant)>? _deployed;

    /// <param name="table">The newest table from the deployment. Null before the first one.</param>
    /// <param name="ready">The replicas that accept requests.</param>
    public ReplicaSet(ReplicaTable? table, ReplicaTarget[] ready)
    {
        Table = table;
        Ready = ready;
        _byVersion = ready
            .SelectMany(static target => Names(target.Version, target.Variant), static (target, name) => (target, name))
            .GroupBy(static pair => pair.name, static pair => pair.target)
            .ToFrozenDictionary(static group => group.Key, static group => group.ToArray());
        _deployed = table is null
            ? null
            : (table.Sets?.SelectMany(static set => Names(set.Version, set.Variant)) ?? Names(table.Version, table.Variant)).Append((null, null)).ToFrozenSet();
    }

    public static ReplicaSet Empty { get; } = new(null, []);

    public ReplicaTable? Table { get; }

    public ReplicaTarget[] Ready { get; }

    /// <summary>The ready replicas of a version and variant; null stands for any. Allocates nothing.</summary>
    public ReplicaTarget[] Of(string? version, string? variant) =>
        version is null && variant is null ? Ready : _byVersion.GetValueOrDefault((version, variant)) ?? [];

    /// <summary>Whether the deployment has a version and variant, ready or not; null stands for any. True while there is no table.</summary>
    public bool Has(string? version, string? variant) => _deployed is null || _deployed.Contains((version, variant));

    /// <summary>The names by which a request may ask for a version: with its variant, in any variant, or the variant in any version.</summary>
    private static (string? Version, string? Variant)[] Names(string version, string variant) => [(version, variant), (version, null), (null, variant)];
}
