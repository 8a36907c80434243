namespace Meridian.Onnx.Reading;

/// <summary>An ONNX model without the elements of its tensors.</summary>
public sealed record GraphOutline
{
    /// <value>Inputs that the caller must provide.</value>
    public required IReadOnlyList<GraphTensor> Inputs { get; init; }

    /// <value>Inputs with a default value, which the caller may replace.</value>
    public required IReadOnlyList<GraphTensor> OptionalInputs { get; init; }

    public required IReadOnlyList<GraphTensor> Outputs { get; init; }

    /// <value>The nodes of the main graph, in the order of the file.</value>
    public required IReadOnlyList<GraphNode> Nodes { get; init; }

    /// <value>The initializers of the main graph by name.</value>
    public required IReadOnlyDictionary<string, StoredTensor> Tensors { get; init; }

    /// <value>Shapes of the main graph's initializers and constants by name.</value>
    public required IReadOnlyDictionary<string, long[]> Shapes { get; init; }

    /// <value>Values of the initializers and constants that hold exactly one integer, by name.</value>
    public required IReadOnlyDictionary<string, long> Numbers { get; init; }

    /// <value>How often each operator occurs, subgraphs included. The key is <c>domain.Type</c>, or the type alone in the standard domain.</value>
    public required IReadOnlyDictionary<string, int> Operators { get; init; }

    /// <value>Files that hold weights. Paths are as the graph names them, relative to the graph's folder.</value>
    public required IReadOnlySet<string> ExternalFiles { get; init; }
}
