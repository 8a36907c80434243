using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Consecutive tokens of one choice and the text that they release.</summary>
/// <param name="Choice">Index of the choice in the request.</param>
/// <param name="Position">Number of tokens that the choice had generated before these, including resumed tokens.</param>
/// <param name="TokenIds">Generated ids. Includes the end-of-text token if it ended the choice.</param>
/// <param name="Text">Text that can no longer change; may be empty. The text released after a token depends only on the choice's ids.</param>
/// <param name="Logprobs">One entry for each token, or null if none were requested.</param>
/// <param name="Finish">Set in the last group of the choice, else null.</param>
public sealed record GenerationGroup(int Choice, int Position, int[] TokenIds, string Text, GeneratedLogprob[]? Logprobs, GenerationFinish? Finish);
