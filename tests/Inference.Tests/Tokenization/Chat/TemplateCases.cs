using System.Text.Json;
using Meridian.Inference.Tokenization.Chat;

namespace Meridian.Inference.Tests.Tokenization.Chat;

/// <summary>
/// Templates in the shapes of well-known families, written for these tests, and what Jinja2 3.1.6 makes of them with the settings that transformers gives it, at
/// 2026-03-09 14:05:07.
/// </summary>
internal static class TemplateCases
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Tokenization", "Chat", "Templates");

    public sealed record Conversation(string Template, ChatTurn[] Turns, bool AddGenerationPrompt, string? Text, string? Error);

    public sealed record Feature(string Template, string? Text);

    public static IReadOnlyList<Conversation> Conversations { get; } = [.. Read("expected.json").Select(c => new Conversation(
        c.GetProperty("template").GetString()!,
        [.. c.GetProperty("messages").EnumerateArray().Select(m => new ChatTurn(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))],
        c.GetProperty("addGenerationPrompt").GetBoolean(),
        Optional(c, "text"),
        Optional(c, "error")))];

    public static IReadOnlyList<Feature> Features { get; } = [.. Read("features.json").Select(f => new Feature(f.GetProperty("template").GetString()!, Optional(f, "text")))];

    public static string Source(string name) => File.ReadAllText(Path.Combine(Folder, name + ".jinja"));

    private static JsonElement[] Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, file)));
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    private static string? Optional(JsonElement value, string name) => value.TryGetProperty(name, out var member) ? member.GetString() : null;
}
