namespace Meridian.Jinja.Texts;

/// <summary>A template cannot be rendered with the given variables.</summary>
public sealed class TemplateRenderException : Exception
{
    /// <summary>The template called <c>raise_exception</c>.</summary>
    /// <param name="message">The template's own words.</param>
    internal TemplateRenderException(string message) : base(message)
    {
    }

    /// <summary>A statement failed.</summary>
    /// <param name="line">The line of the statement, from 1.</param>
    /// <param name="message">The reason.</param>
    /// <param name="inner">The failure.</param>
    internal TemplateRenderException(int line, string message, Exception inner) : base(message, inner) => Line = line;

    /// <value>The line that failed, from 1. Null where the template called <c>raise_exception</c>.</value>
    public int? Line { get; }
}
