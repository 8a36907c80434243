using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <summary>Where a request enters: decides the region, sends, fails over within one attempt budget and one deadline.</summary>
public interface IEdge
{
    /// <summary>Never throws for a refusal or a lost region: the reply says it. Throws <see cref="OperationCanceledException"/> when the caller's token fires.</summary>
    Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a stream and answers with its first tokens at hand. Regions that are lost, full or not ready before the first token are left for the next one, as with
    /// <see cref="InferAsync"/>. Never throws for a refusal. The request's deadline covers the whole stream.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    Task<EdgeOpening> OpenAsync(InferRequest request, CancellationToken cancellationToken);
}
