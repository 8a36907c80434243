using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Decoders.Graphs;

// Inputs and outputs, and the location of weights.
internal static partial class OnnxReader
{
    private static string? Location(ReadOnlySpan<byte> entry)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        var fields = new Fields(entry);
        while (fields.Next())
        {
            if (fields.Number == 1)
                key = fields.Bytes;
            else if (fields.Number == 2)
                value = fields.Bytes;
        }

        return key.SequenceEqual("location"u8) ? Encoding.UTF8.GetString(value) : null;
    }

    private static GraphTensor Value(ReadOnlySpan<byte> value)
    {
        var name = "";
        var type = TensorElementType.DataTypeMax;
        long[]? dimensions = null;
        var fields = new Fields(value);
        while (fields.Next())
        {
            if (fields.Number == 1)
            {
                name = Encoding.UTF8.GetString(fields.Bytes);
            }
            else if (fields.Number == 2)
            {
                var types = new Fields(fields.Bytes);
                while (types.Next())
                {
                    if (types.Number == 1)
                        (type, dimensions) = Tensor(types.Bytes);
                }
            }
        }

        return new GraphTensor(name, type, dimensions);
    }

    private static (TensorElementType Type, long[]? Dimensions) Tensor(ReadOnlySpan<byte> tensor)
    {
        var type = TensorElementType.DataTypeMax;
        long[]? dimensions = null;
        var fields = new Fields(tensor);
        while (fields.Next())
        {
            if (fields.Number == 1)
            {
                type = (TensorElementType)fields.Value;
            }
            else if (fields.Number == 2)
            {
                var lengths = new List<long>();
                var shape = new Fields(fields.Bytes);
                while (shape.Next())
                {
                    if (shape.Number != 1)
                        continue;
                    var length = -1L;
                    var dimension = new Fields(shape.Bytes);
                    while (dimension.Next())
                    {
                        if (dimension.Number == 1)
                            length = (long)dimension.Value;
                    }

                    lengths.Add(length);
                }

                dimensions = [.. lengths];
            }
        }

        return (type, dimensions);
    }
}
