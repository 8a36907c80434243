using System.Collections.Frozen;
using Meridian.Jinja;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Syntax;
using Meridian.Jinja.Texts;

namespace Meridian.Inference.Tokenization.Chat;

/// <summary>
/// A model's chat template. It supports the subset of Jinja that docs/chat-templates.md describes, with the variables that Hugging Face provides. Thread-safe.
/// </summary>
internal sealed class ChatTemplate
{
    private const string System = "system";
    private const string Developer = "developer";

    // Templates build special tokens around roles ('<|' + role + '|>'). A caller can only choose one of these roles, so their characters do not count as the
    // caller's.
    private static readonly FrozenSet<string> Roles = FrozenSet.ToFrozenSet([System, Developer, "user", "assistant", "tool"], StringComparer.Ordinal);

    private const long Steps = 1_000_000;
    private const long StepsPerTurn = 5_000;
    private const int CharactersPerStep = 4;
    private readonly JinjaTemplate _template;
    private readonly KeyValuePair<string, object?>[] _variables;
    private readonly bool _knowsDeveloper;
    private readonly TimeProvider _time;

    private ChatTemplate(string source, JinjaTemplate template, KeyValuePair<string, object?>[] variables, bool knowsDeveloper, TimeProvider time)
    {
        Writes = [source, .. variables.Select(variable => ((TrackedText)variable.Value!).Value)];
        _template = template;
        _variables = variables;
        _knowsDeveloper = knowsDeveloper;
        _time = time;
    }

    /// <value>The texts that the template may write by itself: its source, and the special tokens that it gets as variables.</value>
    public IReadOnlyList<string> Writes { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The template's Jinja source.</param>
    /// <param name="specialTokens">Texts of special tokens by the names that templates use, for example <c>bos_token</c>.</param>
    /// <param name="time">The clock of <c>strftime_now</c>, in UTC.</param>
    /// <exception cref="TemplateSyntaxException">The source is not valid Jinja. The message names the line.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string> specialTokens, TimeProvider time)
    {
        var variables = specialTokens.Select(token => KeyValuePair.Create<string, object?>(token.Key, TrackedText.OfTemplate(token.Value))).ToArray();
        return new ChatTemplate(source, JinjaTemplate.Parse(source), variables, source.Contains(Developer, StringComparison.Ordinal), time);
    }

    /// <summary>
    /// Renders a conversation as text. The role <c>developer</c> is newer than most templates. A turn of this role becomes a <c>system</c> turn if the template
    /// does not mention <c>developer</c>.
    /// </summary>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, or fails.</exception>
    public TrackedText Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt)
    {
        var turns = new object?[messages.Count];
        var steps = Steps + (StepsPerTurn * messages.Count);
        for (var i = 0; i < turns.Length; i++)
        {
            var turn = messages[i];
            var role = turn.Role == Developer && !_knowsDeveloper ? System : turn.Role;
            var values = new Mapping
            {
                ["role"] = Roles.Contains(role) ? TrackedText.OfTemplate(role) : TrackedText.OfCaller(role),
                ["content"] = TrackedText.OfCaller(turn.Content),
            };
            if (turn.Name is not null)
                values["name"] = TrackedText.OfCaller(turn.Name);
            turns[i] = values;
            steps += (turn.Content.Length + (turn.Name?.Length ?? 0)) / CharactersPerStep;
        }

        try
        {
            return _template.Render(
                [
                    .. _variables,
                    KeyValuePair.Create<string, object?>("messages", turns),
                    KeyValuePair.Create<string, object?>("add_generation_prompt", addGenerationPrompt),
                    KeyValuePair.Create<string, object?>("tools", null),
                    KeyValuePair.Create<string, object?>("documents", null),
                ],
                steps,
                _time);
        }
        catch (TemplateRenderException e)
        {
            throw new ChatTemplateException(e.Line is { } line ? $"The model's chat template fails in line {line}: {e.Message}." : e.Message, e);
        }
    }
}
