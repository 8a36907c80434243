namespace Meridian.Grains;

/// <summary>The replicas of a model in this region, with the loads the deployment saw last.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ReplicaTable")]
public sealed record ReplicaTable
{
    [Id(0)] public required string Model { get; init; }

    [Id(1)] public required string Version { get; init; }

    [Id(2)] public required string Variant { get; init; }

    /// <value>Revision of the set of ready replicas. A change of loads does not raise it.</value>
    [Id(3)] public required long Revision { get; init; }

    [Id(4)] public required int DesiredReplicas { get; init; }

    /// <value>One entry for each replica, ready or not. The entry of the first shard stands for a replica with several shards.</value>
    [Id(5)] public required ShardStatus[] Replicas { get; init; }

    /// <value>What keeps the deployment as a whole from its desired state (the package, the store, a device that no silo has), or null.</value>
    [Id(6)] public string? Problem { get; init; }

    /// <value>The versions and variants of the table, those that the deployment is to serve first. Null from builds that served one version at a time.</value>
    [Id(7)] public ReplicaSetStatus[]? Sets { get; init; }
}

/// <summary>A version and variant of a deployment. Its replicas are those of the table whose key names it.</summary>
[GenerateSerializer, Immutable, Alias("meridian.ReplicaSetStatus")]
public sealed record ReplicaSetStatus
{
    [Id(0)] public required string Version { get; init; }

    [Id(1)] public required string Variant { get; init; }

    /// <value>Number of replicas to keep loaded; 0 for a former version that serves until the others are ready.</value>
    [Id(2)] public int DesiredReplicas { get; init; }

    /// <value>What keeps the version from its desired state, or null.</value>
    [Id(3)] public string? Problem { get; init; }
}
