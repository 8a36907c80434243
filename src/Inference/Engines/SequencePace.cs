namespace Meridian.Inference.Engines;

/// <summary>How fast an engine generates text: speed apart from the lengths that callers ask for.</summary>
/// <param name="TokenMs">Smoothed time between two tokens of a sequence beside those that run now, ms; of an idle engine it sinks, as its service time does.</param>
/// <param name="AloneMs">The same of a sequence that runs alone, as it was measured last, ms.</param>
/// <param name="Tokens">Smoothed number of tokens that a sequence generates until it ends; 0 while none has.</param>
/// <param name="Slots">Sequences that can run at once.</param>
public readonly record struct SequencePace(float TokenMs, float AloneMs, float Tokens, int Slots);
