using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Tokenization;

/// <summary>A well-formed request of <c>/tokenize</c> or <c>/detokenize</c>.</summary>
/// <param name="Model">Name as the caller wrote it, 1 to 256 characters.</param>
/// <param name="Input">What to turn into what.</param>
internal sealed record TokenizationRequest(string Model, InferInput Input);
