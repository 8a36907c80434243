using Meridian.Messages;

namespace Meridian.Federation.Edge;

/// <summary>Where a request enters: decides the region, sends, fails over within one attempt budget and one deadline.</summary>
public interface IEdge
{
    /// <summary>Never throws for a refusal or a lost region: the reply says it. Throws <see cref="OperationCanceledException"/> when the caller's token fires.</summary>
    Task<EdgeAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken);
}
