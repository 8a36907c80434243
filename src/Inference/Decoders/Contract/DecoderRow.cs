namespace Meridian.Inference.Decoders.Contract;

/// <summary>Consecutive tokens of one sequence in a run.</summary>
/// <param name="Slot">Slot that holds the sequence's keys and values.</param>
/// <param name="Start">Number of tokens of the sequence before these, which is the position of the first of them.</param>
/// <param name="First">Index of the row's first id among the ids of the call.</param>
/// <param name="Count">Number of tokens, at least 1.</param>
/// <param name="WantsLogits">Whether the caller wants the logits after the last token.</param>
public readonly record struct DecoderRow(int Slot, int Start, int First, int Count, bool WantsLogits);
