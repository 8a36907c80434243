using Meridian.Inference.Tokenization.Chat.Jinja;
using Mapping = System.Collections.Generic.OrderedDictionary<string, object?>;

namespace Meridian.Inference.Tokenization.Chat;

/// <summary>
/// A model's chat template: the subset of Jinja that docs/chat-templates.md describes, with the variables that Hugging Face gives it. Thread-safe.
/// </summary>
internal sealed class ChatTemplate
{
    private const string System = "system";
    private const string Developer = "developer";
    private const long Steps = 1_000_000;
    private const long StepsPerTurn = 5_000;
    private const int CharactersPerStep = 4;
    private readonly Statement[] _statements;
    private readonly KeyValuePair<string, object?>[] _variables;
    private readonly bool _knowsDeveloper;
    private readonly TimeProvider _time;

    private ChatTemplate(Statement[] statements, KeyValuePair<string, object?>[] variables, bool knowsDeveloper, TimeProvider time)
    {
        _statements = statements;
        _variables = variables;
        _knowsDeveloper = knowsDeveloper;
        _time = time;
    }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Jinja.</param>
    /// <param name="specialTokens">Texts of special tokens by the names that templates use, for example <c>bos_token</c>.</param>
    /// <param name="time">For <c>strftime_now</c>, in UTC.</param>
    /// <exception cref="TemplateSyntaxException">It is wrong, or uses what the subset lacks; the message names the line.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string> specialTokens, TimeProvider time)
    {
        var variables = specialTokens.Select(token => KeyValuePair.Create<string, object?>(token.Key, token.Value)).ToArray();
        return new ChatTemplate(TemplateParser.Parse(source), variables, source.Contains(Developer, StringComparison.Ordinal), time);
    }

    /// <summary>
    /// A conversation as text. A turn of the role <c>developer</c>, which is newer than most templates, becomes one of <c>system</c> unless the template names it.
    /// </summary>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, or fails.</exception>
    public string Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt)
    {
        var turns = new object?[messages.Count];
        var steps = Steps + (StepsPerTurn * messages.Count);
        for (var i = 0; i < turns.Length; i++)
        {
            var turn = messages[i];
            var values = new Mapping(StringComparer.Ordinal)
            {
                ["role"] = turn.Role == Developer && !_knowsDeveloper ? System : turn.Role,
                ["content"] = turn.Content,
            };
            if (turn.Name is not null)
                values["name"] = turn.Name;
            turns[i] = values;
            steps += turn.Content.Length / CharactersPerStep;
        }

        return TemplateRun.Render(
            _statements,
            [
                .. _variables,
                KeyValuePair.Create<string, object?>("messages", turns),
                KeyValuePair.Create<string, object?>("add_generation_prompt", addGenerationPrompt),
                KeyValuePair.Create<string, object?>("tools", null),
                KeyValuePair.Create<string, object?>("documents", null),
            ],
            new Budget(steps),
            _time);
    }
}
