using Meridian.Onnx.Reading;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>Finds the <see cref="GraphTables"/> of a graph.</summary>
internal sealed class TableSearch
{
    private const int LongestWay = 64;

    // Paths through the graph branch. A malicious graph can have more paths than can ever be walked.
    private const int MostVisits = 4096;
    private readonly GraphOutline _graph;
    private readonly Dictionary<string, GraphNode> _makers;
    private GraphTable? _positions;
    private GraphTable? _tokens;
    private GraphTable? _rotated;
    private int _visits;

    private TableSearch(GraphOutline graph) => (_graph, _makers) = (graph, Makers(graph.Nodes));

    public static GraphTables Find(GraphOutline graph) => new TableSearch(graph).Find();

    private GraphTables Find()
    {
        long? heads = null;
        long? kvHeads = null;
        foreach (var node in _graph.Nodes)
        {
            switch (node.Operator)
            {
                case "com.microsoft.GroupQueryAttention":
                    heads ??= node.Numbers.GetValueOrDefault("num_heads");
                    kvHeads ??= node.Numbers.GetValueOrDefault("kv_num_heads");
                    Rotary(node.Input(7));
                    Rotary(node.Input(8));
                    break;
                case "com.microsoft.RotaryEmbedding":
                    Rotary(node.Input(2));
                    Rotary(node.Input(3));
                    break;
                case "RotaryEmbedding":
                    Rotary(node.Input(1));
                    Rotary(node.Input(2));
                    break;
                case "Gather" when node.Numbers.GetValueOrDefault("axis") == 0:
                case "com.microsoft.GatherBlockQuantized" when node.Numbers.GetValueOrDefault("gather_axis") == 0:
                    LookUp(node.Input(0), node.Input(1));
                    break;
                default:
                    break;
            }
        }

        return new GraphTables { Positions = _positions, Tokens = _tokens, Rotated = _rotated, Heads = heads > 0 ? heads : null, KvHeads = kvHeads > 0 ? kvHeads : null };
    }

    private static Dictionary<string, GraphNode> Makers(IReadOnlyList<GraphNode> nodes)
    {
        var makers = new Dictionary<string, GraphNode>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            foreach (var output in node.Outputs)
                makers.TryAdd(output, node);
        }

        return makers;
    }

    private void Rotary(string? table)
    {
        if (table is null || ShapeOf(table) is not [.., var rows, var width])
            return;
        Take(ref _positions, new GraphTable(table, rows, rows));
        Take(ref _rotated, new GraphTable(table, width, width));
    }

    private void LookUp(string? table, string? indices)
    {
        if (table is null || indices is null || ShapeOf(table) is not [.., var rows, _] shape)
            return;
        _visits = 0;
        if (Origin(indices) is not { } origin)
            return;
        if (origin.Of == "input_ids")
            Take(ref _tokens, new GraphTable(table, rows, rows));
        else if (origin.Of == "position_ids" || (shape.Length == 2 && (origin.Of != "buffer" || origin.Most <= rows)))
            Take(ref _positions, new GraphTable(table, rows, Math.Max(0, Math.Min(rows - origin.Offset, origin.Most))));
    }

    private static void Take(ref GraphTable? least, GraphTable table)
    {
        if (least is null || table.Reach < least.Reach)
            least = table;
    }

    /// <summary>The shape of a constant. If the graph chooses between constants by the length of the sequence, the shape of the largest.</summary>
    private long[]? ShapeOf(string name)
    {
        for (var i = 0; i < LongestWay; i++)
        {
            if (_graph.Shapes.TryGetValue(name, out var shape))
                return shape;
            if (!_makers.TryGetValue(name, out var maker))
                return null;
            if (maker.Operator == "If")
            {
                var output = Array.IndexOf(maker.Outputs, name);
                return maker.Branches.Select(branch => output < branch.Length ? branch[output] : null).OfType<long[]>().Where(static s => s.Length >= 2).MaxBy(static s => s[^2]);
            }

            // A slice takes rows of the table, as many as the run needs. So the table before the slice is the bound.
            if (maker.Operator is not ("Cast" or "Identity" or "Slice" or "Squeeze") || maker.Input(0) is not { } before)
                return null;
            name = before;
        }

        return null;
    }

    /// <summary>Finds out whether indices are token ids or positions; null if they are neither.</summary>
    private (string Of, long Offset, long Most)? Origin(string name, int way = 0)
    {
        if (way > LongestWay || ++_visits > MostVisits)
            return null;
        if (!_makers.TryGetValue(name, out var maker))
            return name is "input_ids" or "position_ids" ? (name, 0, long.MaxValue) : null;
        switch (maker.Operator)
        {
            case "Cast" or "Identity" or "Reshape" or "Unsqueeze" or "Squeeze" or "Flatten":
                return maker.Input(0) is { } same ? Origin(same, way + 1) : null;
            case "Expand":
                return maker.Input(0) is { } one && Origin(one, way + 1) is { Of: not "input_ids" } repeated ? repeated : null;
            case "Range":
                // A range between constants counts something else.
                return Array.TrueForAll(maker.Inputs, _graph.Numbers.ContainsKey) ? null : ("positions", 0, long.MaxValue);
            case "CumSum":
                // A cumulative sum counts from 1.
                return ("positions", 1, long.MaxValue);
            case "Slice" when maker.Input(0) is { } buffer && ShapeOf(buffer) is [1, var most]:
                // A buffer that counts positions. A buffer with another meaning holds values that its length does not limit. <c>LookUp</c> ignores a buffer
                // that is longer than the table.
                return ("buffer", 0, most);
            case "Mul":
                // The graph masks positions before it adds an offset.
                return Either(maker, way) is { Of: "positions" } masked ? masked : null;
            case "Add":
                if (Either(maker, way) is not { Of: not "input_ids" } moved)
                    return null;
                foreach (var input in maker.Inputs)
                {
                    if (_graph.Numbers.TryGetValue(input, out var offset))
                        return moved with { Offset = moved.Offset + offset };
                }

                return moved;
            default:
                return null;
        }
    }

    private (string Of, long Offset, long Most)? Either(GraphNode node, int way)
    {
        foreach (var input in node.Inputs)
        {
            if (Origin(input, way + 1) is { } origin)
                return origin;
        }

        return null;
    }
}
