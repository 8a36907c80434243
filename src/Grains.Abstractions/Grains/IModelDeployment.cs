using Orleans.Concurrency;

namespace Meridian.Grains;

/// <summary>
/// The desired and actual replicas of one model in this region. The key is the model's name. The number of replicas an operator asks for is grain state:
/// a change is acknowledged only when the region's store has it, and survives the loss of the region's processes.
/// </summary>
[Alias("meridian.IModelDeployment")]
public interface IModelDeployment : IGrainWithStringKey
{
    /// <summary>
    /// The replica table. Returns at once when its revision differs from <paramref name="knownRevision"/>, otherwise after at most a few hundred ms:
    /// the table also carries loads, which become stale. The first call starts the deployment's replicas.
    /// </summary>
    [Alias("Replicas"), AlwaysInterleave]
    Task<ReplicaTable> Replicas(long knownRevision, CancellationToken cancellationToken = default);

    /// <summary>Sets the number of replicas; durable when it returns. Repeating an operation id returns the first outcome.</summary>
    /// <param name="change">Operation id, replicas 0 to 64, who asks and why.</param>
    /// <exception cref="ArgumentOutOfRangeException">Replicas outside 0 to 64.</exception>
    [Alias("Scale")]
    Task<ScaleRecord> Scale(ScaleChange change);

    /// <summary>The most recent changes, oldest first, at most 256.</summary>
    [Alias("History"), AlwaysInterleave]
    Task<ScaleRecord[]> History();
}
