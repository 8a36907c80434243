namespace Meridian.Load;

/// <summary>A request for text, to be streamed.</summary>
/// <param name="Name">In messages.</param>
/// <param name="Json">Body of <c>POST /v1/completions</c>; one choice, streamed, with usage.</param>
public sealed record StreamBody(string Name, string Json);
