namespace Meridian.Inference.Tokenization.Chat;

/// <param name="Role"><c>system</c>, <c>developer</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">The text of the turn.</param>
/// <param name="Name">Name of the participant, or null.</param>
public sealed record ChatTurn(string Role, string Content, string? Name = null);
