using Meridian.Messages.Generation;

namespace Meridian.Gateway.Generation;

/// <summary>A well-formed request for text.</summary>
/// <param name="Model">Name as the caller wrote it, 1 to 256 characters.</param>
/// <param name="Input">What to generate, its seed drawn where the caller gave none.</param>
/// <param name="Stream">True where the tokens are wanted as they come.</param>
/// <param name="IncludeUsage">True where a stream is to end with a chunk that counts the tokens.</param>
internal sealed record GenerationRequest(string Model, GenerationInput Input, bool Stream, bool IncludeUsage);
