using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client;

/// <summary>Sends requests to the best region, and on to the next when one is lost. Thread-safe; one an application.</summary>
public interface IMeridianClient
{
    /// <value>Every configured region as it is known now, in the order of configuration.</value>
    IReadOnlyList<RegionConnection> Regions { get; }

    /// <summary>Region that requests for the model go to first (default: the options' model), or null while none is connected or nothing was asked yet.</summary>
    string? HomeRegion(string? model = null);

    /// <summary>
    /// Has a region compute. A region that is lost, full or not ready is left for the next one, within the attempts and the deadline of the options (or
    /// <see cref="InferRequest.RemainingMs"/>, where that is above zero and sooner). A request without an id is given one; the options' residency is added to the request's.
    /// </summary>
    /// <exception cref="MeridianException">Refused; the refusal has code, message, parameter and when to come back.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="ObjectDisposedException">The application stopped, and the client with it.</exception>
    Task<InferResult> InferAsync(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>Has a region compute, with the options' tenant, deadline and, where <paramref name="model"/> is null, model.</summary>
    /// <exception cref="MeridianException">Refused.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    Task<InferResult> InferAsync(InferInput input, string? model = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Has a region generate text, and returns with its first tokens. Up to them, regions are left for others as by <see cref="InferAsync(InferRequest, CancellationToken)"/>;
    /// a region that is lost afterwards ends the stream with <see cref="RefusalCode.RegionLost"/>. The whole stream may take as long as the options' <c>StreamDeadline</c> (or
    /// <see cref="InferRequest.RemainingMs"/>, where that is above zero and sooner).
    /// </summary>
    /// <param name="request">Its input must be a <see cref="GenerationInput"/>.</param>
    /// <param name="cancellationToken">Ends the opening, not the stream.</param>
    /// <returns>The stream, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">The input is of another kind.</exception>
    /// <exception cref="MeridianException">Refused; the refusal has code, message, parameter and when to come back.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="ObjectDisposedException">The application stopped, and the client with it.</exception>
    Task<IMeridianStream> OpenAsync(InferRequest request, CancellationToken cancellationToken = default);

    /// <summary>Has a region generate text, with the options' tenant, deadlines and, where <paramref name="model"/> is null, chat model.</summary>
    /// <exception cref="ArgumentException">No model is named, here or in the options.</exception>
    /// <exception cref="MeridianException">Refused.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    Task<IMeridianStream> OpenAsync(GenerationInput input, string? model = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// The Orleans client of a region, for calls that this interface does not cover. Ask again for each piece of work, and link calls to
    /// <see cref="RegionConnection.Lost"/>: a connection that cannot be recovered is replaced with its client.
    /// </summary>
    /// <exception cref="ArgumentException">No such region is configured.</exception>
    /// <exception cref="InvalidOperationException">The region is not connected.</exception>
    IClusterClient GetClusterClient(string region);

    /// <summary>Starts connecting if need be, and completes when the regions are as <paramref name="condition"/> wants them.</summary>
    Task WaitUntilAsync(Func<IReadOnlyList<RegionConnection>, bool> condition, CancellationToken cancellationToken = default);
}
