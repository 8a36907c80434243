using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>A well-formed request for text.</summary>
/// <param name="Model">Name as the caller wrote it, 1 to 256 characters.</param>
/// <param name="Input">What to generate, its seed drawn where the caller gave none.</param>
/// <param name="Stream">True where the tokens are wanted as they come.</param>
/// <param name="IncludeUsage">True where a stream is to end with a chunk that counts the tokens.</param>
internal sealed record GenerationRequest(string Model, GenerationInput Input, bool Stream, bool IncludeUsage)
{
    /// <value>How soon it is wanted, as in <see cref="Messages.InferRequest.Tier"/>.</value>
    public string? Tier { get; init; }

    /// <value>The tier that a chat's answer names: what the request was served as, where it asked for one; else null.</value>
    public string? EchoedTier { get; init; }

    /// <value>As in <see cref="Messages.InferRequest.Affinity"/>.</value>
    public string? Affinity { get; init; }
}
