namespace Meridian.Inference.Decoders.Graphs;

/// <summary>What can be said of a graph without its weights.</summary>
internal sealed record GraphOutline
{
    /// <value>Inputs that a caller gives.</value>
    public required IReadOnlyList<GraphTensor> Inputs { get; init; }

    /// <value>Inputs with a value of their own, which a caller may replace.</value>
    public required IReadOnlyList<GraphTensor> OptionalInputs { get; init; }

    public required IReadOnlyList<GraphTensor> Outputs { get; init; }

    /// <value>Columns of the matrix that an output is the product of, by the output's name; outputs that are made otherwise are left out.</value>
    public required IReadOnlyDictionary<string, long> Widths { get; init; }

    /// <value>How often each operator occurs, subgraphs included; <c>domain.Type</c>, or the type alone in the standard domain.</value>
    public required IReadOnlyDictionary<string, int> Operators { get; init; }

    /// <value>Bounds of what it can compute.</value>
    public required GraphTables Tables { get; init; }

    /// <value>Files that hold weights, as the graph names them: relative to its own folder.</value>
    public required IReadOnlySet<string> ExternalFiles { get; init; }
}
