using Meridian.Messages;
using Orleans.Concurrency;

namespace Meridian.Grains;

/// <summary>
/// The door of a region: the region protocol and the region's own .NET services call it. A stateless worker, one pool a silo, key 0.
/// </summary>
[Alias("meridian.IRegionEndpoint")]
public interface IRegionEndpoint : IGrainWithIntegerKey
{
    /// <summary>Checks residency and hops again, then has a replica compute the answer.</summary>
    [ResponseTimeout(CallLimits.Request), Alias("Infer")]
    Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>Checks residency and hops again, then has a replica open a stream. The rest is read from the shard that the head names.</summary>
    [ResponseTimeout(CallLimits.Request), Alias("Open")]
    Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>Readiness and load of the region's models; also what a client measures round trips with.</summary>
    [Alias("Status"), ReadOnly, AlwaysInterleave]
    Task<RegionStatus> Status(CancellationToken cancellationToken = default);
}
