using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Embeddings;

/// <summary>A well-formed request body of <c>/v1/embeddings</c>.</summary>
/// <param name="Model">Name as the caller wrote it, 1 to 256 characters.</param>
/// <param name="Input">Items to embed, 1 to the limit, none of them empty.</param>
/// <param name="Base64">True where the vectors are wanted as base64 of little-endian float32.</param>
internal readonly record struct EmbeddingRequest(string Model, EmbeddingInput Input, bool Base64)
{
    /// <value>How soon it is wanted, as in <see cref="InferRequest.Tier"/>.</value>
    public string? Tier { get; init; }

    /// <value>As in <see cref="InferRequest.Affinity"/>.</value>
    public string? Affinity { get; init; }
}
