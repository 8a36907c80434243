using System.Numerics.Tensors;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Computes a sentence vector from token vectors, as the model cards of sentence-transformers specify.</summary>
internal static class MeanPooling
{
    private const float SmallestNorm = 1e-12f;

    /// <summary>Computes the mean of the token vectors, keeps its leading dimensions, and scales it to length 1 if requested.</summary>
    /// <param name="tokens">[Tokens, full dimensions], without padding.</param>
    /// <param name="fullDimensions">Length of a token vector.</param>
    /// <param name="vector">Receives the leading dimensions. Its length is the number of dimensions to keep.</param>
    /// <param name="normalize">Whether to divide by the L2 norm of the kept dimensions.</param>
    public static void Pool(ReadOnlySpan<float> tokens, int fullDimensions, Span<float> vector, bool normalize)
    {
        // Adds rows one by one in order, so that a vector does not depend on the rest of the batch.
        tokens[..vector.Length].CopyTo(vector);
        for (var at = fullDimensions; at < tokens.Length; at += fullDimensions)
            TensorPrimitives.Add(vector, tokens.Slice(at, vector.Length), vector);
        TensorPrimitives.Divide(vector, tokens.Length / fullDimensions, vector);
        if (normalize)
            TensorPrimitives.Divide(vector, Math.Max(TensorPrimitives.Norm<float>(vector), SmallestNorm), vector);
    }
}
