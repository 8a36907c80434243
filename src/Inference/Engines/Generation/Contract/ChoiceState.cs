namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>The state of a choice that was generated in part at another replica.</summary>
/// <param name="Choice">Index of the choice in the request.</param>
/// <param name="TokenIds">Ids generated so far.</param>
public sealed record ChoiceState(int Choice, int[] TokenIds);
