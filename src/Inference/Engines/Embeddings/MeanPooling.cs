using System.Numerics.Tensors;

namespace Meridian.Inference.Engines.Embeddings;

/// <summary>Makes a sentence vector of token vectors, as the model cards of sentence-transformers say.</summary>
internal static class MeanPooling
{
    private const float SmallestNorm = 1e-12f;

    /// <summary>The mean of the token vectors, its leading dimensions, scaled to length 1 where asked.</summary>
    /// <param name="tokens">[Tokens, full dimensions], without padding.</param>
    /// <param name="fullDimensions">Length of a token vector.</param>
    /// <param name="vector">Receives the leading dimensions, as many as it has room for.</param>
    /// <param name="normalize">Whether to divide by the L2 norm of what is kept.</param>
    public static void Pool(ReadOnlySpan<float> tokens, int fullDimensions, Span<float> vector, bool normalize)
    {
        // Rows are added one by one in order, so that a vector does not depend on what else was in the batch.
        tokens[..vector.Length].CopyTo(vector);
        for (var at = fullDimensions; at < tokens.Length; at += fullDimensions)
            TensorPrimitives.Add(vector, tokens.Slice(at, vector.Length), vector);
        TensorPrimitives.Divide(vector, tokens.Length / fullDimensions, vector);
        if (normalize)
            TensorPrimitives.Divide(vector, Math.Max(TensorPrimitives.Norm<float>(vector), SmallestNorm), vector);
    }
}
