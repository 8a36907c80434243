using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Tokenization;

/// <summary>A valid request of <c>/tokenize</c> or <c>/detokenize</c>.</summary>
/// <param name="Model">Model name as the caller wrote it, 1 to 256 characters.</param>
/// <param name="Input">The text, conversation or token ids to convert.</param>
internal sealed record TokenizationRequest(string Model, InferInput Input);
