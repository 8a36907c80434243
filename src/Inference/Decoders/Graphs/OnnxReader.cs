using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Meridian.Inference.Packages;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>
/// Reads names, types, shapes and operators of an ONNX model, and skips the weights. Field numbers are those of onnx.proto (IR version 3 and later).
/// </summary>
internal static partial class OnnxReader
{
    private const int MaxDepth = 16;

    /// <param name="model">The bytes of the model.</param>
    /// <param name="path">The name of the model in error messages.</param>
    /// <exception cref="ModelPackageException">The bytes are not an ONNX model, or end too early.</exception>
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
                else if (fields.Number == 25)
                {
                    Function(fields.Bytes, sketch);
                }
                else if (fields.Number == 20)
                {
                    Training(fields.Bytes, sketch);
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
            Tables = new TableSearch(sketch.Nodes, sketch.Shapes, sketch.Numbers).Find(),
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
                case 15:
                    Sparse(fields.Bytes, sketch, depth);
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

    // Nodes of functions may hold constants, too.
    private static void Function(ReadOnlySpan<byte> function, Sketch sketch)
    {
        var fields = new Fields(function);
        while (fields.Next())
        {
            if (fields.Number == 7)
                Node(fields.Bytes, sketch, 1);
            else if (fields.Number == 11)
                Attribute(fields.Bytes, sketch, 1, null);
        }
    }

    // initialization = 1 and algorithm = 2 are graphs.
    private static void Training(ReadOnlySpan<byte> training, Sketch sketch)
    {
        var fields = new Fields(training);
        while (fields.Next())
        {
            if (fields.Number is 1 or 2)
                Graph(fields.Bytes, sketch, 1);
        }
    }

    // values = 1 and indices = 2 are tensors.
    private static void Sparse(ReadOnlySpan<byte> sparse, Sketch sketch, int depth)
    {
        var fields = new Fields(sparse);
        while (fields.Next())
        {
            if (fields.Number is 1 or 2)
                _ = Weights(fields.Bytes, sketch, depth + 1);
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

        // With tied weights the output layer is the transposed embedding.
        long? Columns(string weight) =>
            sketch.Shapes.TryGetValue(weight, out var shape) ? shape is [_, var columns] ? columns : null
            : sketch.Makers.TryGetValue(weight, out var maker) && maker is { Operator: "Transpose", Inputs: [var turned] } && sketch.Shapes.TryGetValue(turned, out shape) && shape is [var rows, _] ? rows
            : null;
    }

    private static void Node(ReadOnlySpan<byte> node, Sketch sketch, int depth)
    {
        var inputs = new List<string>();
        var outputs = new List<string>();
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
                case 2:
                    outputs.Add(Encoding.UTF8.GetString(fields.Bytes));
                    break;
                case 4:
                    type = fields.Bytes;
                    break;
                case 7:
                    domain = fields.Bytes;
                    break;
                default:
                    break;
            }
        }

        var name = Encoding.UTF8.GetString(type);
        var operation = domain.IsEmpty || domain.SequenceEqual("ai.onnx"u8) ? name : $"{Encoding.UTF8.GetString(domain)}.{name}";
        CollectionsMarshal.GetValueRefOrAddDefault(sketch.Operators, operation, out _)++;
        var made = depth == 0 ? new GraphNode(operation, [.. inputs], [.. outputs]) : null;
        fields = new Fields(node);
        while (fields.Next())
        {
            if (fields.Number == 5)
                Attribute(fields.Bytes, sketch, depth, made);
        }

        if (made is null)
            return;
        sketch.Nodes.Add(made);
        if (operation is "Cast" or "MatMul" or "Transpose" && outputs.Count > 0)
            sketch.Makers[outputs[0]] = (operation, made.Inputs);
    }

    // g = 6 and graphs = 11 are subgraphs. t = 5 and tensors = 10 are constants; their data may lie in a file, too.
    // sparse_tensor = 22 and sparse_tensors = 23 consist of two tensors each.
    private static void Attribute(ReadOnlySpan<byte> attribute, Sketch sketch, int depth, GraphNode? node)
    {
        ReadOnlySpan<byte> name = default;
        long? number = null;
        var fields = new Fields(attribute);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case 1:
                    name = fields.Bytes;
                    break;
                case 3:
                    number = (long)fields.Value;
                    break;
                case 5 or 10:
                    var tensor = Weights(fields.Bytes, sketch, depth + 1);
                    if (node is { Operator: "Constant", Outputs: [var constant, ..] })
                        sketch.Add(constant, tensor);
                    break;
                case 6 or 11:
                    Graph(fields.Bytes, sketch, depth + 1);
                    node?.Branches.Add(Constants(fields.Bytes));
                    break;
                case 22 or 23:
                    Sparse(fields.Bytes, sketch, depth);
                    break;
                default:
                    break;
            }
        }

        if (node is not null && number is { } value)
            node.Numbers[Encoding.UTF8.GetString(name)] = value;
    }

    /// <summary>The shapes of a subgraph's outputs. An output that is not a constant of the subgraph has the shape null.</summary>
    private static long[]?[] Constants(ReadOnlySpan<byte> graph)
    {
        var sketch = new Sketch();
        var outputs = new List<string>();
        var fields = new Fields(graph);
        while (fields.Next())
        {
            if (fields.Number == 5)
                Weights(fields.Bytes, sketch, 0);
            else if (fields.Number == 1)
                Constant(fields.Bytes, sketch);
            else if (fields.Number == 12)
                outputs.Add(Value(fields.Bytes).Name);
        }

        return [.. outputs.Select(name => sketch.Shapes.GetValueOrDefault(name))];
    }

    private static void Constant(ReadOnlySpan<byte> node, Sketch sketch)
    {
        var output = "";
        ReadOnlySpan<byte> type = default;
        ReadOnlySpan<byte> attribute = default;
        var fields = new Fields(node);
        while (fields.Next())
        {
            if (fields.Number == 2)
                output = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Number == 4)
                type = fields.Bytes;
            else if (fields.Number == 5)
                attribute = fields.Bytes;
        }

        if (!type.SequenceEqual("Constant"u8))
            return;
        fields = new Fields(attribute);
        while (fields.Next())
        {
            if (fields.Number == 5)
                sketch.Add(output, Weights(fields.Bytes, sketch, 1));
        }
    }

    private static (long[] Shape, long? Number) Weights(ReadOnlySpan<byte> tensor, Sketch sketch, int depth)
    {
        string? name = null;
        var shape = new List<long>();
        long? number = null;
        var type = 0UL;
        var fields = new Fields(tensor);
        while (fields.Next())
        {
            if (fields.Number == 8)
                name = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Number == 1 && fields.Bytes.IsEmpty)
                shape.Add((long)fields.Value);
            else if (fields.Number == 1)
                Fields.Packed(fields.Bytes, shape);
            else if (fields.Number == 2)
                type = fields.Value;
            else if (fields.Number == 7)
                number = fields.Bytes.IsEmpty ? (long)fields.Value : Fields.Packed(fields.Bytes);
            else if (fields.Number == 9 && fields.Bytes.Length == sizeof(long))
                number = BinaryPrimitives.ReadInt64LittleEndian(fields.Bytes);
            else if (fields.Number == 13 && Location(fields.Bytes) is { } location)
                sketch.ExternalFiles.Add(location);
        }

        var found = ((long[])[.. shape], type == (ulong)TensorElementType.Int64 && shape.All(static length => length == 1) ? number : null);
        if (name is not null && depth == 0)
        {
            sketch.Initializers.Add(name);
            sketch.Add(name, found);
        }

        return found;
    }

    private sealed class Sketch
    {
        public List<GraphTensor> Inputs { get; } = [];

        public List<GraphTensor> Outputs { get; } = [];

        public HashSet<string> Initializers { get; } = new(StringComparer.Ordinal);

        /// <value>Shapes of initializers and constants by name.</value>
        public Dictionary<string, long[]> Shapes { get; } = new(StringComparer.Ordinal);

        /// <value>The nodes with the operators Cast, MatMul and Transpose, by their first output.</value>
        public Dictionary<string, (string Operator, string[] Inputs)> Makers { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> Operators { get; } = new(StringComparer.Ordinal);

        public List<GraphNode> Nodes { get; } = [];

        /// <value>Constants that hold exactly one integer.</value>
        public Dictionary<string, long> Numbers { get; } = new(StringComparer.Ordinal);

        public void Add(string name, (long[] Shape, long? Number) constant)
        {
            Shapes[name] = constant.Shape;
            if (constant.Number is { } number)
                Numbers[name] = number;
        }

        public HashSet<string> ExternalFiles { get; } = new(StringComparer.Ordinal);
    }
}
