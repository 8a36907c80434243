using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Meridian.Inference.Packages;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>
/// Skims an ONNX model: reads names, types, shapes and operators, and steps over weights. Field numbers are those of onnx.proto (IR version 3 and later).
/// </summary>
internal static class OnnxReader
{
    private const int MaxDepth = 16;

    /// <param name="model">The bytes of the model.</param>
    /// <param name="path">What to call it in errors.</param>
    /// <exception cref="ModelPackageException">The bytes are no ONNX model, or end too early.</exception>
    public static GraphOutline Read(ReadOnlySpan<byte> model, string path)
    {
        var sketch = new Sketch();
        try
        {
            var found = false;
            var fields = new Fields(model);
            while (fields.Next())
            {
                if (fields.Number == 7)
                {
                    Graph(fields.Bytes, sketch, 0);
                    found = true;
                }
            }

            if (!found)
                throw new ModelPackageException(path, $"'{path}' holds no graph: it is no ONNX model. Export it again.");
        }
        catch (InvalidDataException e)
        {
            throw new ModelPackageException(path, $"'{path}' is no ONNX model, or ends too early: {e.Message} Copy or export it again.", e);
        }

        return new GraphOutline
        {
            Inputs = [.. sketch.Inputs.Where(i => !sketch.Initializers.Contains(i.Name))],
            OptionalInputs = [.. sketch.Inputs.Where(i => sketch.Initializers.Contains(i.Name))],
            Outputs = sketch.Outputs,
            Widths = Widths(sketch),
            Operators = sketch.Operators,
            ExternalFiles = sketch.ExternalFiles,
        };
    }

    private static void Graph(ReadOnlySpan<byte> graph, Sketch sketch, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException($"subgraphs are nested deeper than {MaxDepth}.");
        var fields = new Fields(graph);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case 1:
                    Node(fields.Bytes, sketch, depth);
                    break;
                case 5:
                    Weights(fields.Bytes, sketch, depth);
                    break;
                case 11 when depth == 0:
                    sketch.Inputs.Add(Value(fields.Bytes));
                    break;
                case 12 when depth == 0:
                    sketch.Outputs.Add(Value(fields.Bytes));
                    break;
                default:
                    break;
            }
        }
    }

    private static Dictionary<string, long> Widths(Sketch sketch)
    {
        var widths = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var output in sketch.Outputs)
        {
            var name = output.Name;
            while (sketch.Makers.Remove(name, out var maker))
            {
                if (maker is { Operator: "Cast", Inputs: [var same, ..] })
                    name = same;
                else if (maker is { Operator: "MatMul", Inputs: [_, var weight] } && Columns(weight) is { } columns)
                    widths.TryAdd(output.Name, columns);
            }
        }

        return widths;

        // A tied output layer is the embedding, turned.
        long? Columns(string weight) =>
            sketch.Shapes.TryGetValue(weight, out var shape) ? shape is [_, var columns] ? columns : null
            : sketch.Makers.TryGetValue(weight, out var maker) && maker is { Operator: "Transpose", Inputs: [var turned] } && sketch.Shapes.TryGetValue(turned, out shape) && shape is [var rows, _] ? rows
            : null;
    }

    private static void Node(ReadOnlySpan<byte> node, Sketch sketch, int depth)
    {
        var inputs = new List<string>();
        ReadOnlySpan<byte> output = default;
        ReadOnlySpan<byte> type = default;
        ReadOnlySpan<byte> domain = default;
        var fields = new Fields(node);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case 1:
                    inputs.Add(Encoding.UTF8.GetString(fields.Bytes));
                    break;
                case 2 when output.IsEmpty:
                    output = fields.Bytes;
                    break;
                case 4:
                    type = fields.Bytes;
                    break;
                case 7:
                    domain = fields.Bytes;
                    break;
                case 5:
                    Attribute(fields.Bytes, sketch, depth);
                    break;
                default:
                    break;
            }
        }

        var name = Encoding.UTF8.GetString(type);
        var operation = domain.IsEmpty || domain.SequenceEqual("ai.onnx"u8) ? name : $"{Encoding.UTF8.GetString(domain)}.{name}";
        CollectionsMarshal.GetValueRefOrAddDefault(sketch.Operators, operation, out _)++;
        if (depth == 0 && operation is "Cast" or "MatMul" or "Transpose")
            sketch.Makers[Encoding.UTF8.GetString(output)] = (operation, [.. inputs]);
    }

    // g = 6 and graphs = 11 are subgraphs, t = 5 and tensors = 10 are constants, which may lie in a file, too.
    private static void Attribute(ReadOnlySpan<byte> attribute, Sketch sketch, int depth)
    {
        var fields = new Fields(attribute);
        while (fields.Next())
        {
            if (fields.Number is 6 or 11)
                Graph(fields.Bytes, sketch, depth + 1);
            else if (fields.Number is 5 or 10)
                Weights(fields.Bytes, sketch, depth + 1);
        }
    }

    private static void Weights(ReadOnlySpan<byte> tensor, Sketch sketch, int depth)
    {
        string? name = null;
        var shape = new List<long>();
        var fields = new Fields(tensor);
        while (fields.Next())
        {
            if (fields.Number == 8 && depth == 0)
                sketch.Initializers.Add(name = Encoding.UTF8.GetString(fields.Bytes));
            else if (fields.Number == 1 && fields.Bytes.IsEmpty)
                shape.Add((long)fields.Value);
            else if (fields.Number == 13 && Location(fields.Bytes) is { } location)
                sketch.ExternalFiles.Add(location);
        }

        if (name is not null)
            sketch.Shapes[name] = [.. shape];
    }

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

    private sealed class Sketch
    {
        public List<GraphTensor> Inputs { get; } = [];

        public List<GraphTensor> Outputs { get; } = [];

        public HashSet<string> Initializers { get; } = new(StringComparer.Ordinal);

        /// <value>Of initializers.</value>
        public Dictionary<string, long[]> Shapes { get; } = new(StringComparer.Ordinal);

        /// <value>Nodes of some operators by their first output.</value>
        public Dictionary<string, (string Operator, string[] Inputs)> Makers { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> Operators { get; } = new(StringComparer.Ordinal);

        public HashSet<string> ExternalFiles { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>The fields of one message, in order (protobuf wire format).</summary>
    private ref struct Fields(ReadOnlySpan<byte> message)
    {
        private ReadOnlySpan<byte> _rest = message;

        public int Number { get; private set; }

        /// <value>A number's value.</value>
        public ulong Value { get; private set; }

        /// <value>Content of a field with a length; empty for others.</value>
        public ReadOnlySpan<byte> Bytes { get; private set; }

        public bool Next()
        {
            if (_rest.IsEmpty)
                return false;
            var tag = Varint();
            if (tag >> 3 is 0 or > 536_870_911)
                throw new InvalidDataException($"{tag >> 3} is no field number.");
            Number = (int)(tag >> 3);
            Bytes = default;
            switch (tag & 7)
            {
                case 0:
                    Value = Varint();
                    break;
                case 1:
                    Value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                    break;
                case 2:
                    Bytes = Take(Varint());
                    break;
                case 5:
                    Value = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                    break;
                default:
                    throw new InvalidDataException($"field {Number} has wire type {tag & 7}, which does not exist.");
            }

            return true;
        }

        private ulong Varint()
        {
            var value = 0UL;
            for (var shift = 0; shift < 70; shift += 7)
            {
                var next = Take(1)[0];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                    return value;
            }

            throw new InvalidDataException("a number has more than ten bytes.");
        }

        private ReadOnlySpan<byte> Take(ulong length)
        {
            if (length > (ulong)_rest.Length)
                throw new InvalidDataException($"a field of {length} bytes has {_rest.Length} left.");
            var taken = _rest[..(int)length];
            _rest = _rest[(int)length..];
            return taken;
        }
    }
}
