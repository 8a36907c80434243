using Meridian.Onnx.Format;

namespace Meridian.Onnx.Writing;

/// <summary>
/// Collects a graph in the order of its computation. A value must exist before a node reads it, and a name stands for one value. So a mistake causes an
/// exception here, and not an error message of the runtime about a file of gigabytes.
/// </summary>
public sealed class OnnxGraphBuilder(string name)
{
    /// <value>Domain of ONNX Runtime's own operators.</value>
    public const string MicrosoftDomain = "com.microsoft";

    private readonly HashSet<string> _defined = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly HashSet<string> _nodeNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxValue> _constants = new(StringComparer.Ordinal);
    private readonly List<OnnxInitializer> _initializers = [];
    private readonly ProtobufWriter _nodes = new();
    private readonly ProtobufWriter _ends = new();
    private readonly HashSet<string> _outputs = new(StringComparer.Ordinal);
    private bool _usesMicrosoft;

    /// <value>Version of the standard operators.</value>
    public int Opset { get; init; } = 17;

    /// <value>Name of the graph.</value>
    public string Name => name;

    internal IReadOnlyList<OnnxInitializer> Initializers => _initializers;

    internal ReadOnlySpan<byte> Nodes => _nodes.Written;

    internal ReadOnlySpan<byte> Ends => _ends.Written;

    internal bool UsesMicrosoft => _usesMicrosoft;

    public OnnxValue Input(string input, OnnxType type, params ReadOnlySpan<OnnxDimension> shape)
    {
        _ends.Message(OnnxFields.Graph.Input, ValueInfo(input, type, shape));
        _used.Add(input);
        return Define(input, "input");
    }

    /// <summary>An input that callers may omit. It then has the given value.</summary>
    public OnnxValue OptionalInput(string input, long value)
    {
        _ends.Message(OnnxFields.Graph.Input, ValueInfo(input, OnnxType.Int64, []));
        return Initializer(OnnxInitializer.Of(input, [], value));
    }

    /// <exception cref="InvalidOperationException">No such value, or it is an output already.</exception>
    public void Output(OnnxValue value, OnnxType type, params ReadOnlySpan<OnnxDimension> shape)
    {
        Use(value, "the graph's outputs");
        if (!_outputs.Add(value.Name))
            throw new InvalidOperationException($"Graph '{name}': '{value.Name}' is an output twice.");
        _ends.Message(OnnxFields.Graph.Output, ValueInfo(value.Name, type, shape));
    }

    public OnnxValue Initializer(OnnxInitializer initializer)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        _initializers.Add(initializer);
        return Define(initializer.Name, "initializer");
    }

    /// <summary>An int64 vector; equal ones are written once.</summary>
    public OnnxValue Vector(params ReadOnlySpan<long> values) => Constant(values, scalar: false);

    /// <summary>An int64 scalar; equal ones are written once.</summary>
    public OnnxValue Scalar(long value) => Constant([value], scalar: true);

    /// <summary>A floating-point scalar; equal ones are written once.</summary>
    public OnnxValue Scalar(float value, OnnxType type)
    {
        var constant = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"const_{(type == OnnxType.Float16 ? "f16" : "f32")}_{value:R}");
        if (!_constants.TryGetValue(constant, out var made))
        {
            made = Initializer(OnnxInitializer.Of(constant, type, [], [new[] { value }]));
            _constants.Add(constant, made);
        }

        return made;
    }

    /// <summary>A node with one output, named after it.</summary>
    public OnnxValue Node(string op, string node, ReadOnlySpan<OnnxValue> inputs, params ReadOnlySpan<OnnxAttribute> attributes) =>
        Node(op, node, inputs, [$"{node}/output_0"], attributes)[0];

    /// <summary>A node.</summary>
    /// <param name="op">Operator, with its domain before a colon where that is not ONNX's: <c>com.microsoft:GroupQueryAttention</c>.</param>
    /// <param name="node">Name of the node.</param>
    /// <param name="inputs">In the operator's order; <see cref="OnnxValue.None"/> leaves one out.</param>
    /// <param name="outputs">Names of the outputs; empty for one that is not wanted.</param>
    /// <param name="attributes">Constants.</param>
    /// <exception cref="InvalidOperationException">An input has not been defined, or a name is taken.</exception>
    public OnnxValue[] Node(string op, string node, ReadOnlySpan<OnnxValue> inputs, ReadOnlySpan<string> outputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        ArgumentNullException.ThrowIfNull(op);
        if (!_nodeNames.Add(node))
            throw new InvalidOperationException($"Graph '{name}': two nodes are named '{node}'.");
        var message = new ProtobufWriter();
        foreach (var input in inputs)
        {
            if (input != OnnxValue.None)
                Use(input, $"node '{node}'");
            message.Text(OnnxFields.Node.Input, input.Name);
        }

        var values = new OnnxValue[outputs.Length];
        for (var i = 0; i < outputs.Length; i++)
        {
            values[i] = outputs[i].Length == 0 ? OnnxValue.None : Define(outputs[i], $"output of node '{node}'");
            message.Text(OnnxFields.Node.Output, outputs[i]);
        }

        var colon = op.IndexOf(':', StringComparison.Ordinal);
        message.Text(OnnxFields.Node.Name, node).Text(OnnxFields.Node.OpType, op[(colon + 1)..]);
        foreach (var attribute in attributes)
            message.Message(OnnxFields.Node.Attribute, attribute.Write());
        if (colon > 0)
        {
            var domain = op[..colon];
            _usesMicrosoft |= domain == MicrosoftDomain
                ? true
                : throw new InvalidOperationException($"Graph '{name}': node '{node}' is of domain '{domain}'; only '{MicrosoftDomain}' is known beside ONNX's own.");
            message.Text(OnnxFields.Node.Domain, domain);
        }

        _nodes.Message(OnnxFields.Graph.Node, message);
        return values;
    }

    /// <exception cref="InvalidOperationException">The graph has no output, or a constant that nothing reads.</exception>
    internal void Check()
    {
        if (_outputs.Count == 0)
            throw new InvalidOperationException($"Graph '{name}' has no output.");
        if (_initializers.Find(i => !_used.Contains(i.Name)) is { } idle)
            throw new InvalidOperationException($"Graph '{name}': nothing reads the initializer '{idle.Name}' ({idle.ByteLength} bytes).");
    }

    private OnnxValue Constant(ReadOnlySpan<long> values, bool scalar)
    {
        var constant = $"const_i64{(scalar ? "_s" : "")}_{string.Join('_', values.ToArray()).Replace('-', 'm')}";
        if (!_constants.TryGetValue(constant, out var made))
        {
            made = Initializer(OnnxInitializer.Of(constant, scalar ? [] : [values.Length], values));
            _constants.Add(constant, made);
        }

        return made;
    }

    private OnnxValue Define(string value, string what)
    {
        if (string.IsNullOrEmpty(value))
            throw new InvalidOperationException($"Graph '{name}': an {what} has no name.");
        return _defined.Add(value) ? new OnnxValue(value) : throw new InvalidOperationException($"Graph '{name}': '{value}' ({what}) is defined twice.");
    }

    private void Use(OnnxValue value, string where)
    {
        if (!_defined.Contains(value.Name))
            throw new InvalidOperationException($"Graph '{name}': '{value.Name}' is used by {where} but has not been defined before.");
        _used.Add(value.Name);
    }

    private static ProtobufWriter ValueInfo(string value, OnnxType type, ReadOnlySpan<OnnxDimension> shape)
    {
        var dimensions = new ProtobufWriter();
        foreach (var dimension in shape)
        {
            var length = new ProtobufWriter();
            if (dimension.Symbol is { } symbol)
                length.Text(OnnxFields.Dimension.Symbol, symbol);
            else
                length.Number(OnnxFields.Dimension.Length, dimension.Length!.Value);
            dimensions.Message(OnnxFields.Shape.Dimension, length);
        }

        var tensor = new ProtobufWriter().Number(OnnxFields.TensorType.ElementType, (long)type).Message(OnnxFields.TensorType.Shape, dimensions);
        return new ProtobufWriter()
            .Text(OnnxFields.ValueInfo.Name, value)
            .Message(OnnxFields.ValueInfo.Type, new ProtobufWriter().Message(OnnxFields.ValueType.Tensor, tensor));
    }
}
