using Meridian.Intents.Wire;
using Meridian.Messages;
using Meridian.Routing.Snapshots;

namespace Meridian.Federation.Regions;

/// <summary>Carries one attempt to another region. A refusal is an answer; an exception means that the message or its answer did not get through.</summary>
public interface IRegionTransport
{
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="Exception">Any other exception comes from the transport; <see cref="TransportFaults"/> classifies it.</exception>
    Task<InferReply> InferAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken);

    /// <summary>Opens a stream. The first frame is at hand when the task completes.</summary>
    /// <param name="region">The region to ask.</param>
    /// <param name="request">With an input of kind <see cref="Messages.GenerationInput"/>.</param>
    /// <param name="cancellationToken">Ends the opening and, until it is disposed, the stream.</param>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="Exception">Any other exception comes from the transport.</exception>
    Task<StreamOpening> OpenAsync(RegionMember region, InferRequest request, CancellationToken cancellationToken);
}
