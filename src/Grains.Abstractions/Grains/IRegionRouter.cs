using Meridian.Messages;

namespace Meridian.Grains;

/// <summary>
/// Picks a replica of a model inside the region and holds a lease on it while it computes. A stateless worker, local to the caller; the key is the model's name.
/// </summary>
[Alias("meridian.IRegionRouter")]
public interface IRegionRouter : IGrainWithStringKey
{
    [ResponseTimeout(CallLimits.Request), Alias("Infer")]
    Task<InferReply> Infer(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>Has a replica open a stream. What follows is read from the shard that the head names: a router never carries a stream.</summary>
    [ResponseTimeout(CallLimits.Request), Alias("Open")]
    Task<StreamReply> Open(InferRequest request, CancellationToken cancellationToken = default);
}
