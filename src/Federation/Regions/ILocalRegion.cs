using Meridian.Messages;

namespace Meridian.Federation.Regions;

/// <summary>The region that this process belongs to, seen from its edge and from the region protocol. A front door has none.</summary>
public interface ILocalRegion
{
    string Name { get; }

    /// <value>Newest readiness and load; cheap to read, refreshed in the background.</value>
    RegionStatus Status { get; }

    /// <summary>Serves in this region, without a further hop.</summary>
    Task<InferReply> InferAsync(InferRequest request, CancellationToken cancellationToken);

    /// <summary>Opens a stream in this region, without a further hop. Its first frame is at hand when the task completes.</summary>
    /// <param name="request">With an input of kind <see cref="Messages.GenerationInput"/>.</param>
    /// <param name="cancellationToken">Ends the opening and, until it is disposed, the stream.</param>
    Task<StreamOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken);
}
