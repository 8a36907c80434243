namespace Meridian.Inference.Decoders.Graphs;

/// <summary>A node of the main graph, as far as tables are looked for in it.</summary>
/// <param name="Operator"><c>domain.Type</c>, or the type alone in the standard domain.</param>
/// <param name="Inputs">Names; empty where an optional one is left out.</param>
/// <param name="Outputs">Names.</param>
internal sealed record GraphNode(string Operator, string[] Inputs, string[] Outputs)
{
    /// <value>Its attributes that are whole numbers.</value>
    public Dictionary<string, long> Numbers { get; } = new(StringComparer.Ordinal);

    /// <value>Of each subgraph the shapes of its outputs, in order; null where an output is no constant.</value>
    public List<long[]?[]> Branches { get; } = [];

    public string? Input(int index) => index < Inputs.Length && Inputs[index].Length > 0 ? Inputs[index] : null;
}
