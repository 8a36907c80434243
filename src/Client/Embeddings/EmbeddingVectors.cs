using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Embeddings;

/// <summary>
/// Cuts the bytes of an answer into vectors. Each vector is copied once into its own array. So keeping one vector does not keep the others in memory.
/// </summary>
internal static class EmbeddingVectors
{
    /// <param name="output">[Rows, Dimensions] float32 little-endian.</param>
    /// <param name="expectedRows">Number of items that were sent.</param>
    /// <param name="take">Called for each row in order, with the row (from 0) and its vector.</param>
    /// <exception cref="MeridianException">The size of the answer does not match its shape, or its rows do not match the request.</exception>
    public static void Read(EmbeddingOutput output, int expectedRows, Action<int, float[]> take)
    {
        if (output.Rows != expectedRows || (long)output.Rows * output.Dimensions * sizeof(float) != output.Vectors.Length)
        {
            throw new MeridianException(new Refusal
            {
                Code = RefusalCode.Internal,
                Message = $"The answer to {expectedRows} items has {output.Rows} rows of {output.Dimensions} dimensions in {output.Vectors.Length} bytes.",
            });
        }

        var stride = output.Dimensions * sizeof(float);
        for (var row = 0; row < output.Rows; row++)
        {
            var vector = GC.AllocateUninitializedArray<float>(output.Dimensions);
            var bytes = output.Vectors.AsSpan(row * stride, stride);
            if (BitConverter.IsLittleEndian)
            {
                bytes.CopyTo(MemoryMarshal.AsBytes(vector.AsSpan()));
            }
            else
            {
                for (var i = 0; i < vector.Length; i++)
                    vector[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
            }

            take(row, vector);
        }
    }
}
