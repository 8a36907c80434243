namespace Meridian.Jinja.Syntax;

internal enum TemplateTokenKind
{
    /// <summary>Text between tags.</summary>
    Text,

    /// <summary><c>{{</c></summary>
    OutputBegin,

    /// <summary><c>}}</c></summary>
    OutputEnd,

    /// <summary><c>{%</c></summary>
    TagBegin,

    /// <summary><c>%}</c></summary>
    TagEnd,

    Name,
    String,
    Integer,
    Float,

    /// <summary>An operator or a bracket. Its text tells which.</summary>
    Symbol,

    End,
}

/// <param name="Value">The text as it is written; for strings, the text with escapes resolved.</param>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Value, int Line);
