using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client;

/// <summary>Sends requests to the best region, and to the next one when a region is lost. Thread-safe; use one instance per application.</summary>
public interface IMeridianClient
{
    /// <value>The current state of every configured region, in the order of the configuration.</value>
    IReadOnlyList<RegionConnection> Regions { get; }

    /// <summary>
    /// Region that requests for the model go to first, or null if it is not connected or no request was made yet. The default model is the options' model.
    /// </summary>
    string? HomeRegion(string? model = null);

    /// <summary>
    /// Sends a request to a region and returns the result. If the region is lost, full or not ready, the next region is tried, within the attempts and the
    /// deadline of the options (or within <see cref="InferRequest.RemainingMs"/>, if that is above zero and shorter). A request without an id gets one. The
    /// residency of the options is combined with the request's residency.
    /// </summary>
    /// <exception cref="MeridianException">The request was refused. The refusal has a code, a message, the parameter at fault and the time to wait before a
    /// retry.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The application stopped, and the client with it.</exception>
    Task<InferResult> InferAsync(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends an input to a region, with the tenant and deadline of the options. The model of the options is used if <paramref name="model"/> is null.
    /// </summary>
    /// <exception cref="MeridianException">The request was refused.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<InferResult> InferAsync(InferInput input, string? model = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lets a region generate text, and returns when the first tokens have arrived. Until then, other regions are tried as in
    /// <see cref="InferAsync(InferRequest, CancellationToken)"/>. If the region is lost later, another region continues the stream, see
    /// <see cref="IMeridianStream"/>. The whole stream may take as long as the options' <c>StreamDeadline</c> (or <see cref="InferRequest.RemainingMs"/>, if
    /// that is above zero and shorter).
    /// </summary>
    /// <param name="request">Its input must be a <see cref="GenerationInput"/>.</param>
    /// <param name="cancellationToken">Cancels the opening, not the stream.</param>
    /// <returns>The stream. The caller must dispose it.</returns>
    /// <exception cref="ArgumentException">The input is not a <see cref="GenerationInput"/>.</exception>
    /// <exception cref="MeridianException">The request was refused. The refusal has a code, a message, the parameter at fault and the time to wait before a
    /// retry.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The application stopped, and the client with it.</exception>
    Task<IMeridianStream> OpenAsync(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lets a region generate text, with the tenant and deadlines of the options. The chat model of the options is used if <paramref name="model"/> is null.
    /// </summary>
    /// <exception cref="ArgumentException">No model is named, neither here nor in the options.</exception>
    /// <exception cref="MeridianException">The request was refused.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<IMeridianStream> OpenAsync(GenerationInput input, string? model = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// The Orleans client of a region, for calls that this interface does not cover. Get it again for each piece of work, and link your calls to
    /// <see cref="RegionConnection.Lost"/>: if a connection cannot be recovered, it is replaced together with its Orleans client.
    /// </summary>
    /// <exception cref="ArgumentException">No such region is configured.</exception>
    /// <exception cref="InvalidOperationException">The region is not connected.</exception>
    IClusterClient GetClusterClient(string region);

    /// <summary>Starts connecting if necessary, and completes when <paramref name="condition"/> returns true for the state of the regions.</summary>
    Task WaitUntilAsync(Func<IReadOnlyList<RegionConnection>, bool> condition, CancellationToken cancellationToken = default);
}
