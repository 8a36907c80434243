namespace Meridian.Inference.Decoders.Graphs;

/// <summary>What is known of a graph without reading its weights.</summary>
internal sealed record GraphOutline
{
    /// <value>Inputs that the caller must provide.</value>
    public required IReadOnlyList<GraphTensor> Inputs { get; init; }

    /// <value>Inputs with a default value, which the caller may replace.</value>
    public required IReadOnlyList<GraphTensor> OptionalInputs { get; init; }

    public required IReadOnlyList<GraphTensor> Outputs { get; init; }

    /// <value>For each output that is the product of a matrix: the number of the matrix's columns. Other outputs are not listed.</value>
    public required IReadOnlyDictionary<string, long> Widths { get; init; }

    /// <value>How often each operator occurs, subgraphs included. The key is <c>domain.Type</c>, or the type alone in the standard domain.</value>
    public required IReadOnlyDictionary<string, int> Operators { get; init; }

    /// <value>Bounds of what the graph can compute.</value>
    public required GraphTables Tables { get; init; }

    /// <value>Files that hold weights. Paths are as the graph names them, relative to the graph's folder.</value>
    public required IReadOnlySet<string> ExternalFiles { get; init; }
}
