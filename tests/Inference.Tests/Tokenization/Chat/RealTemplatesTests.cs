using Meridian.Inference.Tokenization.Chat;
using Meridian.Jinja.Syntax;
using Microsoft.Extensions.Time.Testing;

namespace Meridian.Inference.Tests.Tokenization.Chat;

/// <summary>Chat templates of real models beside Jinja2. docs/chat-templates.md has the commands and the result.</summary>
public sealed class RealTemplatesTests(ITestOutputHelper output)
{
    private const string Variable = "MERIDIAN_TEST_TEMPLATES";
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2026, 3, 9, 14, 5, 7, TimeSpan.Zero));
    private static readonly Dictionary<string, string> SpecialTokens = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    private static readonly ChatTurn[][] Conversations =
    [
        [new("user", "What is 2 + 2?")],
        [new("system", "You are a pirate.\nAnswer in rhymes."), new("user", "Hello!")],
        [new("user", "Hi"), new("assistant", "Hello. What can I do?"), new("user", "Tell me a story. ")],
        [new("system", ""), new("user", "  é 語 😀\n\n\"quoted\" <b>'s</b>  "), new("assistant", "<think>\nWell.\n</think>\n\nFine."), new("user", "a\\b {{ x }} {% y %}"), new("assistant", "B"), new("user", "C")],
        [new("user", "Count"), new("assistant", "1, 2, ")],
        [new("assistant", "I begin."), new("user", "And I go on."), new("user", "Twice."), new("system", "Late.")],
    ];

    [Fact]
    public async Task Conversations_are_rendered_as_by_jinja2_or_refused_as_by_it()
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(folder) || !Directory.Exists(folder))
            Assert.Skip($"{Variable} is not set to a folder of *.jinja files: tests/tools/fetch-templates.sh DIR fetches them");
        var cases = (
            from file in Directory.GetFiles(folder, "*.jinja").Order(StringComparer.Ordinal)
            from conversation in Conversations
            from opens in new[] { true, false }
            select (Name: Path.GetFileName(file), Template: File.ReadAllText(file), Turns: conversation, Opens: opens)).ToArray();
        Assert.NotEmpty(cases);
        var answers = await ScriptProcess.RunAsync("python3", "needs python3 with Jinja2 3: apt-get install python3-jinja2", "Tokenization/Chat/jinja2.py", new
        {
            cases = cases.Select(c => new { template = c.Template, messages = c.Turns.Select(t => new { role = t.Role, content = t.Content }), addGenerationPrompt = c.Opens }),
        });

        var (rendered, refused) = (0, 0);
        var mistakes = new List<string>();
        foreach (var (c, answer) in cases.Zip(answers.EnumerateArray()))
        {
            var theirs = answer.TryGetProperty("text", out var text) ? text.GetString() : null;
            string? ours = null;
            var error = "";
            try
            {
                ours = ChatTemplate.Parse(c.Template, SpecialTokens, Time).Render(c.Turns, c.Opens).Value;
            }
            catch (Exception e) when (e is ChatTemplateException or TemplateSyntaxException)
            {
                error = e.Message;
            }

            if (ours != theirs)
                mistakes.Add($"{c.Name}, {string.Join('-', c.Turns.Select(t => t.Role))}, {(c.Opens ? "opened" : "not opened")}:\n  Jinja2 {theirs ?? answer.GetProperty("error").GetString()}\n  here   {ours ?? error}");
            else if (theirs is null)
                refused++;
            else
                rendered++;
        }

        output.WriteLine($"{cases.Length} renderings of {cases.Select(c => c.Name).Distinct().Count()} templates: {rendered} equal, {refused} refused by both, {mistakes.Count} different.");
        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));
    }
}
