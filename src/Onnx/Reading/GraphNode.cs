namespace Meridian.Onnx.Reading;

/// <summary>A node of the main graph.</summary>
/// <param name="Name">Its name; may be empty.</param>
/// <param name="Operator"><c>domain.Type</c>, or the type alone in the standard domain.</param>
/// <param name="Inputs">Names of the inputs; empty for an optional input that is left out.</param>
/// <param name="Outputs">Names of the outputs.</param>
public sealed record GraphNode(string Name, string Operator, string[] Inputs, string[] Outputs)
{
    private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);
    private readonly List<long[]?[]> _branches = [];

    /// <value>Integer attributes by name.</value>
    public IReadOnlyDictionary<string, long> Numbers => _numbers;

    /// <value>For each subgraph, the shapes of its outputs in order; null for an output that is not a constant.</value>
    public IReadOnlyList<long[]?[]> Branches => _branches;

    /// <summary>The name of an input; null if the input is left out.</summary>
    public string? Input(int index) => index < Inputs.Length && Inputs[index].Length > 0 ? Inputs[index] : null;

    internal void Add(string attribute, long number) => _numbers[attribute] = number;

    internal void Add(long[]?[] branch) => _branches.Add(branch);
}
