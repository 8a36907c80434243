using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Pipelines;
using Meridian.Gateway.Http;
using Meridian.Messages;
using Microsoft.AspNetCore.Http;

namespace Meridian.Gateway.OpenAi.Embeddings;

/// <summary>
/// Writes the answer of <c>/v1/embeddings</c>. A small answer is built whole and sent with its length in one write.
/// A larger answer goes row by row into the connection's pipe, which slows the writer down if the caller reads slowly.
/// </summary>
internal static class EmbeddingResponseWriter
{
    /// <summary>Maximum size of an answer that is built whole, bytes.</summary>
    private const int WholeLength = 64 * 1024;

    private const int FlushLength = 32 * 1024;

    private const int RowFrame = 64;

    private const int Frame = 128;

    /// <exception cref="InvalidOperationException">The output does not have the shape that it declares, or a component is not finite.</exception>
    public static async ValueTask WriteAsync(HttpResponse response, string model, EmbeddingOutput output, bool base64, CancellationToken cancellationToken)
    {
        if (output.Dimensions < 1 || output.Rows < 1 || output.Vectors.LongLength != (long)output.Rows * output.Dimensions * sizeof(float))
        {
            throw new InvalidOperationException($"The model '{model}' answered {output.Vectors.Length} bytes for {output.Rows} vectors of {output.Dimensions} float32.");
        }

        var rowBound = RowFrame + (base64 ? Base64.GetMaxEncodedToUtf8Length(output.Dimensions * sizeof(float)) + 2 : (output.Dimensions * (ShortestFloat.MaxLength + 1)) + 2);
        var bound = Frame + JsonCursor.TextBound(model) + ((long)output.Rows * rowBound);
        if (bound <= WholeLength)
        {
            var buffer = ArrayPool<byte>.Shared.Rent((int)bound);
            try
            {
                var length = WriteWhole(buffer, model, output, base64);
                response.ContentLength = length;
                await response.BodyWriter.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            return;
        }

        var pipe = response.BodyWriter;
        for (var row = 0; row < output.Rows; row++)
        {
            WriteRow(pipe, output, row, base64, rowBound + Frame);
            if (pipe.UnflushedBytes >= FlushLength)
            {
                await pipe.FlushAsync(cancellationToken);
            }
        }

        WriteTail(pipe, model, output);
        await pipe.FlushAsync(cancellationToken);
    }

    /// <summary>Writes the whole answer and returns its length.</summary>
    internal static int WriteWhole(Span<byte> destination, string model, EmbeddingOutput output, bool base64)
    {
        var cursor = new JsonCursor(destination);
        for (var row = 0; row < output.Rows; row++)
        {
            Row(ref cursor, output, row, base64);
        }

        Tail(ref cursor, model, output);
        return cursor.Written;
    }

    private static void WriteRow(PipeWriter pipe, EmbeddingOutput output, int row, bool base64, int bound)
    {
        var cursor = new JsonCursor(pipe.GetSpan(bound));
        Row(ref cursor, output, row, base64);
        pipe.Advance(cursor.Written);
    }

    private static void WriteTail(PipeWriter pipe, string model, EmbeddingOutput output)
    {
        var cursor = new JsonCursor(pipe.GetSpan(Frame + JsonCursor.TextBound(model)));
        Tail(ref cursor, model, output);
        pipe.Advance(cursor.Written);
    }

    private static void Row(ref JsonCursor cursor, EmbeddingOutput output, int row, bool base64)
    {
        cursor.Raw(row == 0 ? "{\"object\":\"list\",\"data\":["u8 : ","u8);
        cursor.Raw("{\"object\":\"embedding\",\"index\":"u8);
        cursor.Number(row);
        cursor.Raw(",\"embedding\":"u8);
        var length = output.Dimensions * sizeof(float);
        var vector = output.Vectors.AsSpan(row * length, length);
        if (base64)
        {
            cursor.Raw("\""u8);
            Base64.EncodeToUtf8(vector, cursor.Rest, out _, out var bytes);
            cursor.Advance(bytes);
            cursor.Raw("\"}"u8);
        }
        else
        {
            Floats(ref cursor, vector);
            cursor.Raw("}"u8);
        }
    }

    private static void Floats(ref JsonCursor cursor, ReadOnlySpan<byte> vector)
    {
        var destination = cursor.Rest;
        var written = 0;
        for (var i = 0; i < vector.Length; i += sizeof(float))
        {
            var component = BinaryPrimitives.ReadSingleLittleEndian(vector[i..]);
            if (!float.IsFinite(component))
            {
                throw new InvalidOperationException($"Component {i / sizeof(float)} of a vector is {component}, which JSON cannot carry.");
            }

            destination[written++] = (byte)(i == 0 ? '[' : ',');
            written += ShortestFloat.Write(component, destination[written..]);
        }

        destination[written++] = (byte)']';
        cursor.Advance(written);
    }

    private static void Tail(ref JsonCursor cursor, string model, EmbeddingOutput output)
    {
        cursor.Raw("],\"model\":"u8);
        cursor.Text(model);
        cursor.Raw(",\"usage\":{\"prompt_tokens\":"u8);
        cursor.Number(output.PromptTokens);
        cursor.Raw(",\"total_tokens\":"u8);
        cursor.Number(output.PromptTokens);
        cursor.Raw("}}"u8);
    }
}
