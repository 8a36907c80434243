using Meridian.Inference.Engines.Generation.Contract;
using Meridian.Inference.Sampling;

namespace Meridian.Inference.Engines.Generation.Streams;

/// <summary>One generated token.</summary>
/// <param name="Choice">Index of the choice in the request.</param>
/// <param name="Position">Tokens that the choice had generated before.</param>
/// <param name="Id">The token.</param>
/// <param name="Text">Text that it releases.</param>
/// <param name="Logprob">Null where none was asked for.</param>
/// <param name="Finish">Set on the choice's last token.</param>
internal readonly record struct TokenEvent(int Choice, int Position, int Id, string Text, GeneratedLogprob? Logprob, GenerationFinish? Finish);
