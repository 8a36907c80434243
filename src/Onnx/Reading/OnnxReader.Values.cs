using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Meridian.Onnx.Format;

namespace Meridian.Onnx.Reading;

// Tensors, and inputs and outputs.
public static partial class OnnxReader
{
    /// <summary>Notes a tensor's shape and place.</summary>
    /// <returns>Its shape, and its value if it is a single integer.</returns>
    private static (long[] Shape, long? Number) Weights(ProtobufFields fields, Sketch sketch, int depth)
    {
        string? name = null;
        string? file = null;
        var (offset, length) = (-1L, 0L);
        var shape = new List<long>();
        long? number = null;
        var type = OnnxType.Undefined;
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case OnnxFields.Tensor.Name:
                    name = Encoding.UTF8.GetString(fields.Bytes);
                    break;
                case OnnxFields.Tensor.Dimensions when !fields.IsDelimited:
                    shape.Add((long)fields.Value);
                    break;
                case OnnxFields.Tensor.Dimensions:
                    ProtobufFields.Packed(fields.Bytes, shape);
                    break;
                case OnnxFields.Tensor.DataType:
                    type = (OnnxType)fields.Value;
                    break;
                case OnnxFields.Tensor.Int64Data:
                    number = fields.Bytes.IsEmpty ? (long)fields.Value : ProtobufFields.Packed(fields.Bytes);
                    break;

                // A packed float_data field has exactly the same bytes as raw_data.
                case OnnxFields.Tensor.RawData or OnnxFields.Tensor.FloatData when fields.IsDelimited:
                    (offset, length) = (fields.Start, fields.Bytes.Length);
                    if (fields.Number == OnnxFields.Tensor.RawData && length == sizeof(long))
                        number = BinaryPrimitives.ReadInt64LittleEndian(fields.Bytes);
                    break;
                case OnnxFields.Tensor.ExternalData:
                    External(fields.Message, sketch, ref file, ref offset, ref length);
                    break;
                default:
                    break;
            }
        }

        var found = ((long[])[.. shape], type == OnnxType.Int64 && shape.All(static length => length == 1) ? number : null);
        if (name is not null && depth == 0)
        {
            sketch.Tensors[name] = new StoredTensor(name, type, found.Item1, file, offset, length);
            sketch.Add(name, found);
        }

        return found;
    }

    private static void Sparse(ProtobufFields fields, Sketch sketch, int depth)
    {
        while (fields.Next())
        {
            if (fields.Number is OnnxFields.SparseTensor.Values or OnnxFields.SparseTensor.Indices)
                _ = Weights(fields.Message, sketch, depth + 1);
        }
    }

    private static void External(ProtobufFields fields, Sketch sketch, ref string? file, ref long offset, ref long length)
    {
        var (key, value) = ("", "");
        while (fields.Next())
        {
            if (fields.Number == OnnxFields.Entry.Key)
                key = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Number == OnnxFields.Entry.Value)
                value = Encoding.UTF8.GetString(fields.Bytes);
        }

        if (key == OnnxFields.Entry.Location)
        {
            (file, offset) = (value, Math.Max(0, offset));
            sketch.ExternalFiles.Add(value);
        }
        else if (key == OnnxFields.Entry.Offset)
        {
            offset = Whole(key, value);
        }
        else if (key == OnnxFields.Entry.Length)
        {
            length = Whole(key, value);
        }
    }

    private static long Whole(string key, string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new InvalidDataException($"the {key} of external data is '{text}', which is no number.");

    private static GraphTensor Value(ProtobufFields fields)
    {
        var name = "";
        var type = OnnxType.Undefined;
        long[]? dimensions = null;
        while (fields.Next())
        {
            if (fields.Number == OnnxFields.ValueInfo.Name)
            {
                name = Encoding.UTF8.GetString(fields.Bytes);
            }
            else if (fields.Number == OnnxFields.ValueInfo.Type)
            {
                var types = fields.Message;
                while (types.Next())
                {
                    if (types.Number == OnnxFields.ValueType.Tensor)
                        (type, dimensions) = Tensor(types.Message);
                }
            }
        }

        return new GraphTensor(name, type, dimensions);
    }

    private static (OnnxType Type, long[]? Dimensions) Tensor(ProtobufFields fields)
    {
        var type = OnnxType.Undefined;
        long[]? dimensions = null;
        while (fields.Next())
        {
            if (fields.Number == OnnxFields.TensorType.ElementType)
            {
                type = (OnnxType)fields.Value;
            }
            else if (fields.Number == OnnxFields.TensorType.Shape)
            {
                var lengths = new List<long>();
                var shape = fields.Message;
                while (shape.Next())
                {
                    if (shape.Number != OnnxFields.Shape.Dimension)
                        continue;
                    var length = -1L;
                    var dimension = shape.Message;
                    while (dimension.Next())
                    {
                        if (dimension.Number == OnnxFields.Dimension.Length)
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
