namespace Meridian.Grains.Replicas;

/// <summary>A model's replicas as this process knows them. Immutable, swapped whole.</summary>
/// <param name="Table">As the deployment gave it, or null before the first.</param>
/// <param name="Ready">Replicas that take requests.</param>
internal sealed record ReplicaSet(ReplicaTable? Table, ReplicaTarget[] Ready)
{
    public static ReplicaSet Empty { get; } = new(null, []);
}
