using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text;
using Meridian.Onnx.Format;

namespace Meridian.Onnx.Reading;

/// <summary>Reads names, types, shapes and operators of an ONNX model, and skips the elements of its tensors.</summary>
public static partial class OnnxReader
{
    private const int MaxDepth = 16;

    /// <param name="model">The bytes of the model.</param>
    /// <exception cref="InvalidDataException">The bytes are not an ONNX model, or end too early. The message begins in the middle of a sentence.</exception>
    public static GraphOutline Read(ReadOnlySpan<byte> model)
    {
        var sketch = new Sketch();
        var found = false;
        var fields = new ProtobufFields(model);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case OnnxFields.Model.Graph:
                    Graph(fields.Message, sketch, 0);
                    found = true;
                    break;
                case OnnxFields.Model.Functions:
                    Function(fields.Message, sketch);
                    break;
                case OnnxFields.Model.TrainingInfo:
                    Training(fields.Message, sketch);
                    break;
                default:
                    break;
            }
        }

        if (!found)
            throw new InvalidDataException("it holds no graph.");
        return new GraphOutline
        {
            Inputs = [.. sketch.Inputs.Where(i => !sketch.Tensors.ContainsKey(i.Name))],
            OptionalInputs = [.. sketch.Inputs.Where(i => sketch.Tensors.ContainsKey(i.Name))],
            Outputs = sketch.Outputs,
            Nodes = sketch.Nodes,
            Tensors = sketch.Tensors,
            Shapes = sketch.Shapes,
            Numbers = sketch.Numbers,
            Operators = sketch.Operators,
            ExternalFiles = sketch.ExternalFiles,
        };
    }

    /// <summary>Reads a file by mapping it into memory. The elements of its tensors are never read from the disk.</summary>
    /// <param name="path">Path of a file of at most <see cref="Array.MaxLength"/> bytes; protobuf allows no longer message.</param>
    /// <exception cref="InvalidDataException">As for <see cref="Read"/>; or the file is longer.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static unsafe GraphOutline ReadFile(string path)
    {
        var length = new FileInfo(path).Length;
        if (length == 0)
            return Read([]);
        if (length > Array.MaxLength)
            throw new InvalidDataException($"it has {length} bytes, and a graph may have {Array.MaxLength}.");
        using var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        using var view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            return Read(new ReadOnlySpan<byte>(start + view.PointerOffset, (int)length));
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    private static void Graph(ProtobufFields fields, Sketch sketch, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException($"subgraphs are nested deeper than {MaxDepth}.");
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case OnnxFields.Graph.Node:
                    Node(fields.Message, sketch, depth);
                    break;
                case OnnxFields.Graph.Initializer:
                    Weights(fields.Message, sketch, depth);
                    break;
                case OnnxFields.Graph.SparseInitializer:
                    Sparse(fields.Message, sketch, depth);
                    break;
                case OnnxFields.Graph.Input when depth == 0:
                    sketch.Inputs.Add(Value(fields.Message));
                    break;
                case OnnxFields.Graph.Output when depth == 0:
                    sketch.Outputs.Add(Value(fields.Message));
                    break;
                default:
                    break;
            }
        }
    }

    // Nodes of functions may hold constants, too.
    private static void Function(ProtobufFields fields, Sketch sketch)
    {
        while (fields.Next())
        {
            if (fields.Number == OnnxFields.Function.Node)
                Node(fields.Message, sketch, 1);
            else if (fields.Number == OnnxFields.Function.DefaultAttribute)
                Attribute(fields.Message, sketch, 1, null);
        }
    }

    private static void Training(ProtobufFields fields, Sketch sketch)
    {
        while (fields.Next())
        {
            if (fields.Number is OnnxFields.Training.Initialization or OnnxFields.Training.Algorithm)
                Graph(fields.Message, sketch, 1);
        }
    }

    private static void Node(ProtobufFields message, Sketch sketch, int depth)
    {
        var name = "";
        var inputs = new List<string>();
        var outputs = new List<string>();
        ReadOnlySpan<byte> type = default;
        ReadOnlySpan<byte> domain = default;
        var fields = message;
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case OnnxFields.Node.Input:
                    inputs.Add(Encoding.UTF8.GetString(fields.Bytes));
                    break;
                case OnnxFields.Node.Output:
                    outputs.Add(Encoding.UTF8.GetString(fields.Bytes));
                    break;
                case OnnxFields.Node.Name when depth == 0:
                    name = Encoding.UTF8.GetString(fields.Bytes);
                    break;
                case OnnxFields.Node.OpType:
                    type = fields.Bytes;
                    break;
                case OnnxFields.Node.Domain:
                    domain = fields.Bytes;
                    break;
                default:
                    break;
            }
        }

        var op = Encoding.UTF8.GetString(type);
        var operation = domain.IsEmpty || domain.SequenceEqual("ai.onnx"u8) ? op : $"{Encoding.UTF8.GetString(domain)}.{op}";
        CollectionsMarshal.GetValueRefOrAddDefault(sketch.Operators, operation, out _)++;
        var node = depth == 0 ? new GraphNode(name, operation, [.. inputs], [.. outputs]) : null;
        fields = message;
        while (fields.Next())
        {
            if (fields.Number == OnnxFields.Node.Attribute)
                Attribute(fields.Message, sketch, depth, node);
        }

        if (node is not null)
            sketch.Nodes.Add(node);
    }

    // Elements of a constant may lie in a file, too.
    private static void Attribute(ProtobufFields fields, Sketch sketch, int depth, GraphNode? node)
    {
        ReadOnlySpan<byte> name = default;
        long? number = null;
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case OnnxFields.Attribute.Name:
                    name = fields.Bytes;
                    break;
                case OnnxFields.Attribute.OneInteger:
                    number = (long)fields.Value;
                    break;
                case OnnxFields.Attribute.OneTensor or OnnxFields.Attribute.ManyTensors:
                    var tensor = Weights(fields.Message, sketch, depth + 1);
                    if (node is { Operator: "Constant", Outputs: [var constant, ..] })
                        sketch.Add(constant, tensor);
                    break;
                case OnnxFields.Attribute.OneGraph or OnnxFields.Attribute.ManyGraphs:
                    Graph(fields.Message, sketch, depth + 1);
                    node?.Add(Constants(fields.Message));
                    break;
                case OnnxFields.Attribute.OneSparseTensor or OnnxFields.Attribute.ManySparseTensors:
                    Sparse(fields.Message, sketch, depth);
                    break;
                default:
                    break;
            }
        }

        if (number is { } value)
            node?.Add(Encoding.UTF8.GetString(name), value);
    }

    /// <summary>The shapes of a subgraph's outputs. An output that is not a constant of the subgraph has the shape null.</summary>
    private static long[]?[] Constants(ProtobufFields fields)
    {
        var sketch = new Sketch();
        var outputs = new List<string>();
        while (fields.Next())
        {
            if (fields.Number == OnnxFields.Graph.Initializer)
                Weights(fields.Message, sketch, 0);
            else if (fields.Number == OnnxFields.Graph.Node)
                Constant(fields.Message, sketch);
            else if (fields.Number == OnnxFields.Graph.Output)
                outputs.Add(Value(fields.Message).Name);
        }

        return [.. outputs.Select(name => sketch.Shapes.GetValueOrDefault(name))];
    }

    private static void Constant(ProtobufFields fields, Sketch sketch)
    {
        var output = "";
        ReadOnlySpan<byte> type = default;
        ProtobufFields attribute = default;
        while (fields.Next())
        {
            if (fields.Number == OnnxFields.Node.Output)
                output = Encoding.UTF8.GetString(fields.Bytes);
            else if (fields.Number == OnnxFields.Node.OpType)
                type = fields.Bytes;
            else if (fields.Number == OnnxFields.Node.Attribute)
                attribute = fields.Message;
        }

        if (!type.SequenceEqual("Constant"u8))
            return;
        while (attribute.Next())
        {
            if (attribute.Number == OnnxFields.Attribute.OneTensor)
                sketch.Add(output, Weights(attribute.Message, sketch, 1));
        }
    }

    private sealed class Sketch
    {
        public List<GraphTensor> Inputs { get; } = [];

        public List<GraphTensor> Outputs { get; } = [];

        public List<GraphNode> Nodes { get; } = [];

        public Dictionary<string, StoredTensor> Tensors { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, long[]> Shapes { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, long> Numbers { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> Operators { get; } = new(StringComparer.Ordinal);

        public HashSet<string> ExternalFiles { get; } = new(StringComparer.Ordinal);

        public void Add(string name, (long[] Shape, long? Number) constant)
        {
            Shapes[name] = constant.Shape;
            if (constant.Number is { } number)
                Numbers[name] = number;
        }
    }
}
