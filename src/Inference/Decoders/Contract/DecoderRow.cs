namespace Meridian.Inference.Decoders.Contract;

/// <summary>Consecutive tokens of one sequence in a run.</summary>
/// <param name="Slot">Where its keys and values are.</param>
/// <param name="Start">Tokens of the sequence before these: the position of the first.</param>
/// <param name="First">Where its ids begin.</param>
/// <param name="Count">How many, at least 1.</param>
/// <param name="WantsLogits">Whether the distribution after the last of them is wanted.</param>
public readonly record struct DecoderRow(int Slot, int Start, int First, int Count, bool WantsLogits);
