namespace Meridian.Inference.Decoders.Graphs;

/// <summary>
/// Bounds of what a graph can compute: the tables that it indexes by position or by token, and the number of heads of its attention. They are searched for in
/// the patterns that exporters write. A graph with other patterns has no bounds here, so a missing bound says nothing.
/// </summary>
internal sealed record GraphTables
{
    /// <value>The table that covers the fewest positions: cosines and sines of rotary positions, or learned positions.</value>
    public GraphTable? Positions { get; init; }

    /// <value>The embedding of tokens.</value>
    public GraphTable? Tokens { get; init; }

    /// <value>Number of query heads that a fused attention states.</value>
    public long? Heads { get; init; }

    /// <value>Number of key and value heads that a fused attention states.</value>
    public long? KvHeads { get; init; }

    /// <value>The narrowest rotary table. The graph rotates twice as many numbers of a head as the table is wide.</value>
    public GraphTable? Rotated { get; init; }
}

/// <param name="Name">Name of the tensor.</param>
/// <param name="Rows">Number of its rows, or of its columns if these are what limits.</param>
/// <param name="Reach">Number of positions, ids or numbers that it covers.</param>
internal sealed record GraphTable(string Name, long Rows, long Reach);
