namespace Meridian.Inference.Decoders.Graphs;

/// <summary>
/// What a graph looks up by position or by token, and how many heads its attention has: the bounds of what it can compute. Looked for in the patterns that exporters write;
/// what is built otherwise is left out, so a bound that is missing says nothing.
/// </summary>
internal sealed record GraphTables
{
    /// <value>The table that serves the shortest sequence: cosines and sines of rotary positions, or learned positions.</value>
    public GraphTable? Positions { get; init; }

    /// <value>The embedding of tokens.</value>
    public GraphTable? Tokens { get; init; }

    /// <value>Query heads that a fused attention says it has.</value>
    public long? Heads { get; init; }

    /// <value>Key and value heads that a fused attention says it has.</value>
    public long? KvHeads { get; init; }

    /// <value>Rotated numbers of a head, as wide as the rotary tables are.</value>
    public GraphTable? Rotated { get; init; }
}

/// <param name="Name">The tensor.</param>
/// <param name="Rows">Its rows, or columns where they are what counts.</param>
/// <param name="Reach">Tokens, ids or numbers that it serves.</param>
internal sealed record GraphTable(string Name, long Rows, long Reach);
