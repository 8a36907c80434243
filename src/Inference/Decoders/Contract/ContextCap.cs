namespace Meridian.Inference.Decoders.Contract;

/// <summary>The limit of a graph that can only compute shorter sequences than its configuration promises.</summary>
/// <param name="Promised">Maximum tokens of a sequence according to the configuration.</param>
/// <param name="Reach">Maximum tokens of a sequence that the graph can compute.</param>
/// <param name="Table">Name of the position table that ends at <paramref name="Reach"/>.</param>
/// <param name="Rows">Number of rows of the table.</param>
public sealed record ContextCap(int Promised, int Reach, string Table, long Rows)
{
    public override string ToString() =>
        $"{DecoderConfig.FileName} promises {Promised} positions, but the graph's table '{Table}' has {Rows} rows, for texts of {Reach} tokens. The context is {Reach} tokens; export the graph for more.";
}
