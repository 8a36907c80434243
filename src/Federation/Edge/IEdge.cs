using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <summary>The point where a request enters. Chooses the region, sends the request, and fails over within one budget of attempts and one deadline.</summary>
public interface IEdge
{
    /// <summary>
    /// Serves a request. A refusal or a lost region is told in the reply, not thrown. Throws <see cref="OperationCanceledException"/> when the caller's token
    /// fires.
    /// </summary>
    Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a stream. The first tokens are at hand when the task completes. If a region is lost, full or not ready before the first token, the next one is
    /// tried, as with <see cref="InferAsync"/>. If a region is lost later, the stream goes on in another region, see <see cref="EdgeOpening.Stream"/>. The
    /// request's deadline covers the whole stream. A refusal is not thrown.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken);

    /// <summary>As <see cref="OpenAsync(InferRequest, CancellationToken)"/>.</summary>
    /// <param name="request">With an input of kind <see cref="Messages.GenerationInput"/>.</param>
    /// <param name="whole">Whether the caller sees nothing before the stream's end. Then, if the model is configured so, the first frame may come from the
    /// faster of two regions.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    Task<EdgeOpening> OpenAsync(InferRequest request, bool whole, CancellationToken cancellationToken) => OpenAsync(request, cancellationToken);
}
