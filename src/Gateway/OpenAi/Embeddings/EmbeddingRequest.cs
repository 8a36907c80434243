using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Embeddings;

/// <summary>A valid request of <c>/v1/embeddings</c>.</summary>
/// <param name="Model">Model name as the caller wrote it, 1 to 256 characters.</param>
/// <param name="Input">Items to embed: at least one, at most the limit, and none of them empty.</param>
/// <param name="Base64">Whether the answer gives vectors as base64 of little-endian float32.</param>
internal readonly record struct EmbeddingRequest(string Model, EmbeddingInput Input, bool Base64)
{
    /// <value>Urgency of the request, see <see cref="InferRequest.Tier"/>.</value>
    public string? Tier { get; init; }

    /// <value>See <see cref="InferRequest.Affinity"/>.</value>
    public string? Affinity { get; init; }

    /// <value>The caller's <c>user</c>, or null.</value>
    public string? User { get; init; }
}
