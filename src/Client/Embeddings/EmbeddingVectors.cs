using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Embeddings;

/// <summary>Cuts an answer's bytes into vectors: one copy, from the message into arrays of the vector's own length, so that keeping one vector keeps no other alive.</summary>
internal static class EmbeddingVectors
{
    /// <param name="output">[Rows, Dimensions] float32 little-endian.</param>
    /// <param name="expectedRows">Number of items that were sent.</param>
    /// <param name="take">Called with row (from 0) and vector, in order.</param>
    /// <exception cref="MeridianException">The answer's size is not that of its shape, or not that of the question.</exception>
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
