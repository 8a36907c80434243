using Meridian.Onnx.Reading;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>Finds how wide a graph's outputs are, where the graph itself declares no width.</summary>
internal static class OutputWidths
{
    /// <summary>For each output that is the product of a matrix: the number of the matrix's columns. Other outputs are not listed.</summary>
    public static Dictionary<string, long> Of(GraphOutline graph)
    {
        var makers = new Dictionary<string, GraphNode>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
        {
            if (node is { Operator: "Cast" or "MatMul" or "Transpose", Outputs: [var made, ..] })
                makers[made] = node;
        }

        var widths = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var output in graph.Outputs)
        {
            var name = output.Name;

            // A maker is removed, so a graph with a circle does not keep this loop going.
            while (makers.Remove(name, out var maker))
            {
                if (maker is { Operator: "Cast", Inputs: [var same, ..] })
                    name = same;
                else if (maker is { Operator: "MatMul", Inputs: [_, var weight] } && Columns(weight) is { } columns)
                    widths.TryAdd(output.Name, columns);
            }
        }

        return widths;

        // With tied weights the output layer is the transposed embedding.
        long? Columns(string weight)
        {
            if (graph.Shapes.TryGetValue(weight, out var shape))
                return shape is [_, var columns] ? columns : null;
            if (makers.GetValueOrDefault(weight) is not { Operator: "Transpose", Inputs: [var turned] })
                return null;
            return graph.Shapes.GetValueOrDefault(turned) is [var rows, _] ? rows : null;
        }
    }
}
