using System.Buffers.Binary;
using CsCheck;
using Meridian.Client.Embeddings;
using Meridian.Errors;
using Meridian.Messages;

namespace Meridian.Client.Tests.Embeddings;

public class EmbeddingVectorsTests
{
    [Fact]
    public void Vectors_are_the_bytes_row_by_row() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[1, 7], Gen.Int).Sample((rows, dimensions, seed) =>
        {
            var random = new Random(seed);
            var values = Enumerable.Range(0, rows * dimensions).Select(_ => random.NextSingle()).ToArray();
            var bytes = new byte[values.Length * 4];
            for (var i = 0; i < values.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), values[i]);
            var read = new List<float[]>();

            EmbeddingVectors.Read(
                new EmbeddingOutput { Rows = rows, Dimensions = dimensions, Vectors = bytes, PromptTokens = 0 },
                rows,
                (row, vector) =>
                {
                    Assert.Equal(read.Count, row);
                    read.Add(vector);
                });

            Assert.Equal(values.Chunk(dimensions), read);
        });

    [Theory]
    [InlineData(2, 3, 24, 1)]
    [InlineData(2, 3, 20, 2)]
    [InlineData(0, 3, 0, 1)]
    public void An_answer_of_another_size_is_an_error_and_not_a_wrong_vector(int rows, int dimensions, int bytes, int expected)
    {
        var output = new EmbeddingOutput { Rows = rows, Dimensions = dimensions, Vectors = new byte[bytes], PromptTokens = 0 };
        var error = Assert.Throws<MeridianException>(() => EmbeddingVectors.Read(output, expected, (_, _) => { }));
        Assert.Equal(RefusalCode.Internal, error.Refusal.Code);
    }
}
