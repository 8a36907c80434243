using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>A valid generation request.</summary>
/// <param name="Model">Model name as the caller wrote it, 1 to 256 characters.</param>
/// <param name="Input">What to generate. If the caller gave no seed, the seed is drawn.</param>
/// <param name="Stream">Whether the tokens are streamed as they come.</param>
/// <param name="IncludeUsage">Whether a stream ends with a chunk that gives the token counts.</param>
internal sealed record GenerationRequest(string Model, GenerationInput Input, bool Stream, bool IncludeUsage)
{
    /// <value>Urgency of the request, see <see cref="Messages.InferRequest.Tier"/>.</value>
    public string? Tier { get; init; }

    /// <value>The tier that a chat answer reports: the tier that the request was served as, if the caller asked for one; else null.</value>
    public string? EchoedTier { get; init; }

    /// <value>See <see cref="Messages.InferRequest.Affinity"/>.</value>
    public string? Affinity { get; init; }

    /// <value>The caller's <c>user</c>, or null.</value>
    public string? User { get; init; }
}
