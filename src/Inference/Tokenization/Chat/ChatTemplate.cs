using System.Collections.Frozen;
using Meridian.Jinja;
using Meridian.Jinja.Objects;
using Meridian.Jinja.Syntax;
using Meridian.Jinja.Texts;

namespace Meridian.Inference.Tokenization.Chat;

/// <summary>
/// A model's chat template: the subset of Jinja that docs/chat-templates.md describes, with the variables that Hugging Face gives it. Thread-safe.
/// </summary>
internal sealed class ChatTemplate
{
    private const string System = "system";
    private const string Developer = "developer";

    // Templates put roles between the signs of special tokens ('<|' + role + '|>'). A caller only chooses among these, so they are no text of the caller's.
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

    /// <value>Its source, and the special tokens that it is given by name: what it may write by itself.</value>
    public IReadOnlyList<string> Writes { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Jinja.</param>
    /// <param name="specialTokens">Texts of special tokens by the names that templates use, for example <c>bos_token</c>.</param>
    /// <param name="time">For <c>strftime_now</c>, in UTC.</param>
    /// <exception cref="TemplateSyntaxException">It is no Jinja; the message names the line.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string> specialTokens, TimeProvider time)
    {
        var variables = specialTokens.Select(token => KeyValuePair.Create<string, object?>(token.Key, TrackedText.OfTemplate(token.Value))).ToArray();
        return new ChatTemplate(source, JinjaTemplate.Parse(source), variables, source.Contains(Developer, StringComparison.Ordinal), time);
    }

    /// <summary>
    /// A conversation as text. A turn of the role <c>developer</c>, which is newer than most templates, becomes one of <c>system</c> unless the template names it.
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
