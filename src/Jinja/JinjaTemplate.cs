using Meridian.Jinja.Rendering;
using Meridian.Jinja.Syntax;
using Meridian.Jinja.Texts;

namespace Meridian.Jinja;

/// <summary>A parsed template. Thread-safe.</summary>
public sealed class JinjaTemplate
{
    private readonly Statement[] _statements;

    private JinjaTemplate(Statement[] statements) => _statements = statements;

    /// <summary>Parses a template, with the white space settings of Hugging Face: <c>trim_blocks</c> and <c>lstrip_blocks</c>.</summary>
    /// <exception cref="TemplateSyntaxException">The source is not Jinja. The message names the line.</exception>
    public static JinjaTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new JinjaTemplate(TemplateParser.Parse(source));
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">
    /// The variables by name. A value is null, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, a <see cref="TrackedText"/>, an <c>object?[]</c>, or a
    /// <see cref="Objects.Mapping"/> of these.
    /// </param>
    /// <param name="steps">The budget: the number of statements and values to evaluate, plus the number of blocks of 64 characters to write or search.</param>
    /// <param name="time">The clock of <c>strftime_now</c>, in UTC.</param>
    /// <exception cref="TemplateRenderException">The template raised an exception, failed, or used up its budget.</exception>
    public TrackedText Render(IEnumerable<KeyValuePair<string, object?>> variables, long steps, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(variables);
        ArgumentNullException.ThrowIfNull(time);
        return TemplateRun.Render(_statements, variables, new Budget(steps), time);
    }
}
