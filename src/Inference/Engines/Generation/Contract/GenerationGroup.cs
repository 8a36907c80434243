using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Consecutive tokens of one choice and the text they release.</summary>
/// <param name="Choice">Index of the choice in the request.</param>
/// <param name="Position">Tokens that the choice had generated before these, those of a resume included.</param>
/// <param name="TokenIds">Generated ids, the end-of-text token included where it ended the choice.</param>
/// <param name="Text">Text that is certain now; may be empty. What has been released after a token depends on the choice's ids alone.</param>
/// <param name="Logprobs">One a token, or null where none were asked for.</param>
/// <param name="Finish">Set with the choice's last tokens.</param>
public sealed record GenerationGroup(int Choice, int Position, int[] TokenIds, string Text, GeneratedLogprob[]? Logprobs, GenerationFinish? Finish);
