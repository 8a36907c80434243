namespace Meridian.Inference.Decoders.Graphs;

/// <summary>The parts of a main graph's node that the search for tables needs.</summary>
/// <param name="Operator"><c>domain.Type</c>, or the type alone in the standard domain.</param>
/// <param name="Inputs">Names of the inputs; empty for an optional input that is left out.</param>
/// <param name="Outputs">Names of the outputs.</param>
internal sealed record GraphNode(string Operator, string[] Inputs, string[] Outputs)
{
    /// <value>Integer attributes by name.</value>
    public Dictionary<string, long> Numbers { get; } = new(StringComparer.Ordinal);

    /// <value>For each subgraph, the shapes of its outputs in order; null for an output that is not a constant.</value>
    public List<long[]?[]> Branches { get; } = [];

    public string? Input(int index) => index < Inputs.Length && Inputs[index].Length > 0 ? Inputs[index] : null;
}
