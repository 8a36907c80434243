using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Streams;

/// <summary>One generated token.</summary>
/// <param name="Choice">Index of the choice in the request.</param>
/// <param name="Position">Number of tokens that the choice had generated before.</param>
/// <param name="Id">Id of the token.</param>
/// <param name="Text">Text that the token releases.</param>
/// <param name="Logprob">Null if none was requested.</param>
/// <param name="Finish">Set on the last token of the choice.</param>
internal readonly record struct TokenEvent(int Choice, int Position, int Id, string Text, GeneratedLogprob? Logprob, GenerationFinish? Finish);
