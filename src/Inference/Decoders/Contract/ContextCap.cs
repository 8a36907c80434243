namespace Meridian.Inference.Decoders.Contract;

/// <summary>A graph that computes shorter sequences than its configuration promises.</summary>
/// <param name="Promised">Tokens of a sequence, as the configuration says.</param>
/// <param name="Reach">Tokens of a sequence that the graph computes.</param>
/// <param name="Table">The table of positions that ends there.</param>
/// <param name="Rows">Its rows.</param>
public sealed record ContextCap(int Promised, int Reach, string Table, long Rows)
{
    public override string ToString() =>
        $"{DecoderConfig.FileName} promises {Promised} positions, but the graph's table '{Table}' has {Rows} rows, for texts of {Reach} tokens. The context is {Reach} tokens; export the graph for more.";
}
