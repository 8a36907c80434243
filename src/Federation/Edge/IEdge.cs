using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <summary>Where a request enters: decides the region, sends, fails over within one attempt budget and one deadline.</summary>
public interface IEdge
{
    /// <summary>Never throws for a refusal or a lost region: the reply says it. Throws <see cref="OperationCanceledException"/> when the caller's token fires.</summary>
    Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a stream and answers with its first tokens at hand. Regions that are lost, full or not ready before the first token are left for the next one, as with
    /// <see cref="InferAsync"/>. Never throws for a refusal. The request's deadline covers the whole stream. A region that is lost after that is left, too: the stream goes on
    /// elsewhere, see <see cref="EdgeOpening.Stream"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken);

    /// <summary>As <see cref="OpenAsync(InferRequest, CancellationToken)"/>.</summary>
    /// <param name="request">With an input of kind <see cref="Messages.GenerationInput"/>.</param>
    /// <param name="whole">Whether nothing is shown to the caller before the stream's end: its first frame may then come from the quicker of two regions, where the model is set so.</param>
    /// <param name="cancellationToken">The caller's.</param>
    Task<EdgeOpening> OpenAsync(InferRequest request, bool whole, CancellationToken cancellationToken) => OpenAsync(request, cancellationToken);
}
