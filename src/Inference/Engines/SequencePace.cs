namespace Meridian.Inference.Engines;

/// <summary>How fast an engine generates text. Measured apart from the lengths that callers request.</summary>
/// <param name="TokenMs">
/// Smoothed time between two tokens of a sequence beside the sequences that run now, ms. It decays while the engine is idle, like <see cref="ServiceTime"/>.
/// </param>
/// <param name="AloneMs">Last measured time between two tokens of a sequence that runs alone, ms.</param>
/// <param name="Tokens">Smoothed number of tokens that a sequence generates until it ends; 0 while no sequence has ended.</param>
/// <param name="Slots">Number of sequences that can run at once.</param>
public readonly record struct SequencePace(float TokenMs, float AloneMs, float Tokens, int Slots);
