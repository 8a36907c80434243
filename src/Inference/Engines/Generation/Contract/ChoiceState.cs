namespace Meridian.Inference.Engines.Generation.Contract;

/// <param name="Choice">Index of the choice in the request.</param>
/// <param name="TokenIds">Ids generated so far.</param>
public sealed record ChoiceState(int Choice, int[] TokenIds);
