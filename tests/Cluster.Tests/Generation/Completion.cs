
namespace Meridian.Cluster.Tests.Generation;

/// <summary>A completion as a caller sees it.</summary>
/// <param name="Text">All of its text.</param>
/// <param name="Finish">Its finish reason.</param>
/// <param name="PromptTokens">Of the usage.</param>
/// <param name="CompletionTokens">Of the usage.</param>
/// <param name="Region">Region that served.</param>
public sealed record Completion(string Text, string Finish, int PromptTokens, int CompletionTokens, string Region);
