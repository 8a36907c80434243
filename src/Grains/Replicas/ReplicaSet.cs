namespace Meridian.Grains.Replicas;

/// <summary>A model's replicas as this process knows them. Immutable: a new table replaces the whole set.</summary>
/// <param name="Table">The newest table from the deployment. Null before the first one.</param>
/// <param name="Ready">The replicas that accept requests.</param>
internal sealed record ReplicaSet(ReplicaTable? Table, ReplicaTarget[] Ready)
{
    public static ReplicaSet Empty { get; } = new(null, []);
}
